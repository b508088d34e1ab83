/* dkimrotd: a table of contents. Options, the modules in order, the loop, the same list backwards. */
#include <stdio.h>

int main(void)
{
	puts("dkimrotd " DKIMROTD_VERSION);
	return 0;
}
