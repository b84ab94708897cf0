#ifndef CDR_CORE_EMBED_H
#define CDR_CORE_EMBED_H

/*
 * CDR_EMBED(name, path): put the file ${path} (from the top of the tree) into the program's read-only data as
 *     extern const uint8_t name[];      its first byte; a NUL follows the last one
 *     extern const uint8_t name_end[];  one past its last byte
 * The Makefile rebuilds an object when a file in the data/ folder beside its source changes.
 */
#include <stdint.h>

#define CDR_EMBED(name, path)                                                                                 \
	__asm__(".pushsection .rodata\n.balign 16\n.globl " #name "\n" #name ":\n.incbin \"" path "\"\n"        \
		".globl " #name "_end\n" #name "_end:\n.byte 0\n.popsection\n");                                \
	extern const uint8_t name[];                                                                            \
	extern const uint8_t name##_end[]

#endif
