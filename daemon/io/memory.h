/* Memory that is held and not needed: what the heap keeps of work that is over, and what was read from program files at
 * the start and will not be read again. */
#ifndef DKIMROTD_IO_MEMORY_H
#define DKIMROTD_IO_MEMORY_H

/* Gives both back to the system. Costs about a millisecond, and some more when what was given back is wanted after all; so
 * it is for the end of a start or of a pass, not for every turn. Nothing that was ever written is touched, except free
 * memory of the heap. */
void memory_give_back(void);

#endif
