/* Giving memory back. The daemon's libraries bring forty others, each of which was relocated and initialised once: a
 * dozen megabytes of code, symbols and constants, most of it never read again. Those pages are exact copies of files,
 * so the kernel may take them and will read them again on demand, as it does by itself when memory is short. It must
 * never name a page that can have been written: relocated constants and data are ours alone, and would come back as the
 * file has them. */
#include "io/memory.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A program file whose code was changed when it was loaded (ELF's DT_TEXTREL) is no copy of its file. */
static bool has_changed_code(const struct dl_phdr_info *file)
{
	for (unsigned i = 0; i < file->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &file->dlpi_phdr[i];

		if (p->p_type != PT_DYNAMIC)
			continue;
		for (const ElfW(Dyn) *d = (const void *)(file->dlpi_addr + p->p_vaddr); d->d_tag != DT_NULL;
		        d++)
			if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL)))
				return true;
	}
	return false;
}

/* Segments that are mapped without the right to write. What becomes read-only only after its relocation (PT_GNU_RELRO)
 * lies in a writable one. */
static int give_back_file(struct dl_phdr_info *file, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)arg;
	if (has_changed_code(file))
		return 0;
	for (unsigned i = 0; i < file->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &file->dlpi_phdr[i];
		uintptr_t from = (file->dlpi_addr + p->p_vaddr) & ~(page - 1);
		uintptr_t to = (file->dlpi_addr + p->p_vaddr + p->p_filesz + page - 1) & ~(page - 1);

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			madvise((void *)from, to - from, MADV_DONTNEED); /* a refusal costs nothing */
	}
	return 0;
}

void memory_give_back(void)
{
	malloc_trim(0);
	dl_iterate_phdr(give_back_file, NULL);
}
