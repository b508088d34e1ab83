/* The zone job and texts: TXT, and OVHcloud's pseudo-type DKIM, which may refuse what a TXT takes. */
#include "zone_stories.h"

#define P32    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
#define KEY    "v=DKIM1; k=rsa; p=" P32
#define OLDKEY "v=DKIM1; k=rsa; p=B" P32
#define EDKEY  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define POSTT(type, text)                                                                                    \
	"POST " Z "/record {\"fieldType\":\"" type "\",\"subDomain\":\"" SUB "\",\"target\":\"" text         \
	"\",\"ttl\":0}"
#define PUTT(id, text) "PUT " Z "/record/" id " {\"subDomain\":\"" SUB "\",\"target\":\"" text "\",\"ttl\":0}"
#define E400           "{\"class\":\"Client::BadRequest\",\"message\":\"Invalid subfield found in DKIM\"}"

struct text_story {
	struct story story;
	enum rr_type type;
	const char *text;
	bool absent;
};

static const struct text_story text_stories[] = {
        {{"a TXT is created unquoted, and read back quoted and split",
                 {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POSTT("TXT", KEY), 200, REC("7", SUB, "TXT", KEY)},
                         {LIST, 200, "[7]"},
                         {GET("7"), 200, REC("7", SUB, "TXT", "\\\"v=DKIM1; k=rsa; \\\" \\\"p=" P32 "\\\"")},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+ !", ""},
                RR_TXT, KEY, false},
        {{"a DKIM is created",
                 {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POSTT("DKIM", KEY), 200, REC("7", SUB, "DKIM", KEY)},
                         {LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "DKIM", KEY)},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+ !", ""},
                RR_DKIM, KEY, false},
        {{"what stands as TXT stays TXT",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)}, {REFRESH, 200, "null"}},
                 WRITE_DONE, false, "!", ""},
                RR_DKIM, KEY, false},
        {{"the pseudo-type refuses: TXT",
                 {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POSTT("DKIM", KEY), 400, E400}, {LIST, 200, "[]"},
                         {POSTT("TXT", KEY), 200, REC("7", SUB, "TXT", KEY)}, {LIST, 200, "[7]"},
                         {GET("7"), 200, REC("7", SUB, "TXT", KEY)}, {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+ + !", ""},
                RR_DKIM, KEY, false},
        {{"ed25519 is never asked of the pseudo-type",
                 {{LIST, 200, "[]"}, {LIST, 200, "[]"},
                         {POSTT("TXT", EDKEY), 200, REC("7", SUB, "TXT", EDKEY)}, {LIST, 200, "[7]"},
                         {GET("7"), 200, REC("7", SUB, "TXT", EDKEY)}, {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+ !", ""},
                RR_DKIM, EDKEY, false},
        {{"updated in place, in the type found",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "DKIM", OLDKEY)},
                         {PUTT("7", KEY), 200, "null"}, {GET("7"), 200, REC("7", SUB, "DKIM", KEY)},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+old !", ""},
                RR_TXT, KEY, false},
        {{"revoked: the pseudo-type holds no empty key, so another record takes its place",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "DKIM", KEY)},
                         {POSTT("TXT", "v=DKIM1; p="), 200, REC("8", SUB, "TXT", "v=DKIM1; p=")},
                         {LIST, 200, "[7,8]"}, {GET("7"), 200, REC("7", SUB, "DKIM", KEY)},
                         {GET("8"), 200, REC("8", SUB, "TXT", "v=DKIM1; p=")},
                         {"DELETE " Z "/record/7", 200, "null"}, {LIST, 200, "[8]"},
                         {GET("8"), 200, REC("8", SUB, "TXT", "\\\"v=DKIM1; p=\\\"")},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+old -old !", ""},
                RR_TXT, "v=DKIM1; p=", false},
        {{"a CNAME in the way", {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}}, WRITE_FOREIGN, false, "",
                 "a CNAME record stands at " NAME},
                RR_TXT, KEY, false},
        {{"two keys at one name",
                 {{LIST, 200, "[7,8]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {GET("8"), 200, REC("8", SUB, "TXT", OLDKEY)}},
                 WRITE_FOREIGN, false, "", "2 records stand at " NAME},
                RR_TXT, KEY, false},
        {{"a duplicate in the other type goes",
                 {{LIST, 200, "[7,8]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {GET("8"), 200, REC("8", SUB, "DKIM", KEY)}, {"DELETE " Z "/record/8", 200, "null"},
                         {LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "-right !", ""},
                RR_TXT, KEY, false},
        {{"a broken text is a wrong one",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", "\\\"v=DKIM1")},
                         {PUTT("7", KEY), 200, "null"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "+old !", ""},
                RR_TXT, KEY, false},
        {{"removed",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {"DELETE " Z "/record/7", 200, "null"}, {LIST, 200, "[]"}, {LIST, 200, "[]"},
                         {REFRESH, 200, "null"}},
                 WRITE_DONE, true, "-right !", ""},
                RR_TXT, KEY, true},
        {{"gone already: published all the same",
                 {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {REFRESH, 200, "null"}}, WRITE_DONE, false, "!", ""},
                RR_TXT, KEY, true},
        {{"another key there is not ours to remove",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", OLDKEY)}, {REFRESH, 200, "null"}},
                 WRITE_DONE, false, "!", ""},
                RR_TXT, KEY, true},
        {{"removal lost",
                 {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "TXT", KEY)},
                         {"DELETE " Z "/record/7", SILENCE, NULL}},
                 WRITE_TROUBLE, false, "-right", "got no answer"},
                RR_TXT, KEY, true},
};

static void texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text_stories); i++) {
		const struct text_story *t = &text_stories[i];
		struct rr rr = {.type = t->type, .name = NAME, .absent = t->absent};

		assert_true(str_copy(rr.data, sizeof rr.data, t->text));
		tell_story(&t->story, &rr);
	}
}

/* The longest key that there is goes in one piece. */
static void a_key_of_4096_bits(void **state)
{
	(void)state;
	static struct write_job w;
	struct rr rr = {.type = RR_TXT, .name = NAME, .data = "v=DKIM1; k=rsa; n=note; p="};
	struct turn none = {LIST, 200, "[]", NULL};
	struct api_answer a = turn_answer(&none, NOW);
	struct write_request q;

	memset(rr.data + strlen(rr.data), 'A', 736);
	assert_int_equal(write_begin(&w, DNS_OVH, "mydomain.ovh", 0), 0);
	assert_int_equal(write_add(&w, &rr), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(write_next(&w, &q));
		write_feed(&w, &(struct write_answer){.api = &a});
	}
	assert_true(write_next(&w, &q));
	assert_string_equal(q.api.method, "POST");
	assert_non_null(strstr(q.api.body, rr.data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(texts),
	        cmocka_unit_test(a_key_of_4096_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
