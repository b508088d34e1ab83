/* What is wrong with configuration and inventory, told on stderr and in the journal. */
#include "faults.h"

#include <stdio.h>

#include "base/util.h"
#include "io/report.h"

void faults_print(const struct diags *d)
{
	char line[1200];

	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s\n", diag_format(&d->list[i], line, sizeof(line)));
}

void faults_report(const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		char line[1200];
		struct fields f = {.config_file = d->list[i].file,
		        .config_line = d->list[i].line,
		        .config_column = d->list[i].column};

		report(EVENT_CONFIG_ERROR, &f, diag_format(&d->list[i], line, sizeof(line)));
	}
}

/* Each file's turn for the worse and for the better is told once. */
static void report_files(const struct inventory *now, const struct inventory *before)
{
	for (size_t i = 0; i < now->n_files; i++) {
		const struct inventory_file *f = &now->files[i];
		bool bad = f->state != INVENTORY_OK, was_bad = false;
		struct fields fields = {.config_file = f->path};

		for (size_t k = 0; before != NULL && k < before->n_files; k++)
			if (str_eq(before->files[k].path, f->path))
				was_bad = before->files[k].state != INVENTORY_OK;
		if (bad && !was_bad)
			report(EVENT_FILE_REFUSED, &fields, f->path,
			        f->state == INVENTORY_LAST_GOOD ? "its last good version stays in force"
			                                        : "there is no good version of it yet");
		else if (!bad && was_bad)
			report(EVENT_FILE_BACK, &fields, f->path);
	}
}

static bool was_told(const struct inventory_conflict *c, const struct inventory *before)
{
	for (size_t i = 0; before != NULL && i < before->n_conflicts; i++)
		if (str_eq(before->conflicts[i].text, c->text))
			return true;
	return false;
}

void faults_report_inventory(const struct inventory *now, const struct inventory *before)
{
	report_files(now, before);
	for (size_t i = 0; i < now->n_conflicts; i++) {
		const struct inventory_conflict *c = &now->conflicts[i];
		struct fields f = {.domain = c->domain, .platform = platform_word(c->platform)};

		if (!was_told(c, before))
			report(EVENT_DOMAIN_TWICE, &f, c->text);
	}
}
