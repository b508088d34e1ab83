/* The main() of a fuzzing target where there is no libFuzzer: every input of the folders or files named is run
 * through it once, so that what was once found stays found by every test run. TAP out, one line a folder. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file's bytes in a block of exactly their size, so that the sanitizer sees one byte too far. */
static int run_file(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	if (!f || fstat(fileno(f), &st) < 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	size_t n = (size_t)st.st_size;
	uint8_t *data = malloc(n ? n : 1);
	if (!data || fread(data, 1, n, f) != n) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static int run_folder(const char *path)
{
	struct dirent **list;
	int ran = 0, n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char file[4096];
		if (list[i]->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%s/%s", path, list[i]->d_name);
			ran += run_file(file);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return ran;
}

/* The empty input always runs: a target without a corpus is tested with that much. */
int main(int argc, char **argv)
{
	int tests = 1;
	printf("1..%d\n", argc);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok 1 - the empty input\n");
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int ran = 0;
		if (stat(argv[i], &st) == 0)
			ran = S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
		printf("ok %d - %s: %d inputs\n", ++tests, argv[i], ran);
		fflush(stdout);
	}
	return 0;
}
