/*
 * trc_cmd: the commands of the trc program. Each takes what follows its name
 * on the command line and returns the program's exit status.
 *
 * Private to the trc program.
 */
#ifndef TRC_CMD_H
#define TRC_CMD_H

int trc_cmd_anonymize(int argc, char **argv);
int trc_cmd_convert(int argc, char **argv);
int trc_cmd_cut(int argc, char **argv);
int trc_cmd_filter(int argc, char **argv);
int trc_cmd_gen(int argc, char **argv);
int trc_cmd_import(int argc, char **argv);
int trc_cmd_info(int argc, char **argv);
int trc_cmd_merge(int argc, char **argv);
int trc_cmd_minimize(int argc, char **argv);
int trc_cmd_print(int argc, char **argv);
int trc_cmd_stat(int argc, char **argv);
int trc_cmd_verify(int argc, char **argv);

#endif /* TRC_CMD_H */
