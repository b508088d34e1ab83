/* What is wrong with configuration and inventory, told on stderr and in the journal. It decides nothing. */
#ifndef DKIMROTD_FAULTS_H
#define DKIMROTD_FAULTS_H

#include "base/diag.h"
#include "codec/inventory.h"

/* FILE:LINE:COLUMN: what is wrong, a line each, on stderr. */
void faults_print(const struct diags *d);
/* Likewise as events. */
void faults_report(const struct diags *d);
/* Each file's turn for the worse and for the better is told once, and each domain that stands in two files with both
 * places. before: the generation in force until now, NULL at the start. */
void faults_report_inventory(const struct inventory *now, const struct inventory *before);

#endif
