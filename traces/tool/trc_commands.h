/*
 * trc_commands: what the trc program does, by the first word of its command line.
 *
 * Private to the trc program.
 */
#ifndef TRC_COMMANDS_H
#define TRC_COMMANDS_H

#include "kb_options.h"

extern const struct kb_command trc_command_anonymize;
extern const struct kb_command trc_command_convert;
extern const struct kb_command trc_command_cut;
extern const struct kb_command trc_command_filter;
extern const struct kb_command trc_command_gen;
extern const struct kb_command trc_command_import;
extern const struct kb_command trc_command_info;
extern const struct kb_command trc_command_merge;
extern const struct kb_command trc_command_minimize;
extern const struct kb_command trc_command_print;
extern const struct kb_command trc_command_stat;
extern const struct kb_command trc_command_verify;

#endif /* TRC_COMMANDS_H */
