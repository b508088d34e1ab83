/* A state whose bytes were flipped and whose files were cut, anywhere. TEST_DAMAGE_STEP=1 tries every byte (the default
 * tries some), and TEST_SEED another choice of bits. */
#include "store_state.h"

#ifdef DKIMROTD_SANITIZED
#define FEWER 3 /* the same kinds of damage, at fewer places: this is slow then */
#else
#define FEWER 1
#endif

/* Damages one byte, or cuts, and judges. */
static void damage(const struct image *whole, size_t file, size_t at, int bit, unsigned counts[3])
{
	struct image im = *whole;

	im.data[file] = xmalloc(whole->len[file]);
	memcpy(im.data[file], whole->data[file], whole->len[file]);
	if (bit < 0)
		im.len[file] = at;
	else
		im.data[file][at] = (char)(im.data[file][at] ^ 1 << bit);
	put_image(&im);
	struct outcome o = try_open(&im);
	counts[o.refused ? 0 : o.told ? 1 : 2]++;
	free(im.data[file]);
}

static size_t step_of(size_t usual)
{
	const char *step = getenv("TEST_DAMAGE_STEP");

	usual *= FEWER * FEWER;
	return step ? (size_t)strtoul(step, NULL, 10) : usual;
}

static void damage_all(const struct image *whole, size_t file, size_t flip_step, size_t cut_step)
{
	const char *seed_text = getenv("TEST_SEED");
	unsigned seed = seed_text ? (unsigned)strtoul(seed_text, NULL, 10) : 1, counts[3] = {0};
	size_t flip = step_of(flip_step), cut = step_of(cut_step);

	for (size_t at = 0; at < whole->len[file]; at += 1 + (size_t)rand_r(&seed) % (2 * flip - 1))
		damage(whole, file, at, rand_r(&seed) % 8, counts);
	for (size_t at = 0; at < 100; at += FEWER) /* the header, whose every byte means something */
		damage(whole, file, at, (int)((at + seed) % 8), counts);
	for (size_t at = 0; at < 50; at += FEWER)
		damage(whole, file, at, -1, counts);
	for (size_t at = 0; at < whole->len[file]; at += cut)
		damage(whole, file, at, -1, counts);
	print_message("# %s, %zu bytes: refused %u, lost and told %u, whole %u\n", names[file],
	        whole->len[file], counts[0], counts[1], counts[2]);
	assert_true(counts[0] + counts[1] > 0);
}

static void the_database(void **state)
{
	(void)state;
	damage_all(&clean, 0, 251, 3511);
}

static void the_database_beneath_a_log(void **state)
{
	(void)state;
	damage_all(&crashed, 0, 601, 6101);
}

static void the_log(void **state)
{
	(void)state;
	damage_all(&crashed, 1, 331, 3511);
}

static void the_lock_file(void **state)
{
	unsigned counts[3] = {0};

	(void)state;
	for (size_t at = 0; at < clean.len[2]; at += FEWER) {
		damage(&clean, 2, at, (int)at % 8, counts);
		damage(&clean, 2, at, -1, counts);
	}
	assert_int_equal(counts[0], 0); /* it only remembers; the records are whole */
}

/* ---- the history must never stop the daemon ---- */

static bool count_history(void *arg, int64_t id, int64_t at, const char *kind, const char *json)
{
	assert_string_equal(kind, "version");
	assert_string_equal(json, "{}");
	assert_in_range(id, 1, DOMAINS);
	assert_in_range(at, 0, VERSIONS - 1);
	++*(unsigned *)arg;
	return true;
}

static void the_history(void **state)
{
	unsigned seed = 7, broken = 0;

	(void)state;
	for (size_t at = 0; at < clean.len[3]; at += 1 + (size_t)rand_r(&seed) % (2 * step_of(97) - 1)) {
		struct image im = clean;
		struct outcome o = {0};
		unsigned n = 0;

		im.data[3] = xmalloc(clean.len[3]);
		memcpy(im.data[3], clean.data[3], clean.len[3]);
		im.data[3][at] = (char)(im.data[3][at] ^ 1 << rand_r(&seed) % 8);
		put_image(&im);
		struct store *s = open_or_fail(dir);
		store_on_lost(s, on_lost, &o);
		int e = store_each_history(s, 0, 0, count_history, &n);
		if (e == 0 && o.told == 0 && n != DOMAINS * VERSIONS)
			fail_msg("entries of the history are gone, and nobody was told");
		broken += o.told > 0;
		store_history(s, 1, 1, "version", "{}");
		write_version(s, VERSIONS - 1);
		store_close(s);
		free(im.data[3]);
	}
	assert_true(broken > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_database),
	        cmocka_unit_test(the_database_beneath_a_log), cmocka_unit_test(the_log),
	        cmocka_unit_test(the_lock_file), cmocka_unit_test(the_history)};

	return cmocka_run_group_tests_name("store_damage", tests, make_images, drop_images);
}
