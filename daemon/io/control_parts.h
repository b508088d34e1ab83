/* What the files of the control socket share, and nobody else sees. */
#ifndef DKIMROTD_IO_CONTROL_PARTS_H
#define DKIMROTD_IO_CONTROL_PARTS_H

struct evhttp_request;

/* Sets the headers that every answer has. */
void control_headers(struct evhttp_request *request, const char *type);
/* From a connection's close callback: the library lets go of a request that is not answered yet when its reader hangs up,
 * and forgets to free it; in all other cases it frees it by itself. */
void control_abandon(struct evhttp_request *request);

#endif
