/* For json.c and json_write.c only. yajl dereferences NULL when an allocation fails, so it is given functions that
 * abort instead. */
#ifndef DKIMROTD_CODEC_JSON_MEMORY_H
#define DKIMROTD_CODEC_JSON_MEMORY_H

#include <yajl/yajl_common.h>

extern yajl_alloc_funcs json_memory;

#endif
