#ifndef CDR_NODE_NET_ADDRESS_H
#define CDR_NODE_NET_ADDRESS_H

/* Addresses to listen at, in numbers: nothing is looked up. */

#include <sys/socket.h>

#include "core/error.h"

#define CDR_ADDRESS_LEN 64 /* "[...]:65535" with its NUL */

/**
 * cdr_address_read(text, address):
 * Read "1.2.3.4:5" or "[::1]:5". Port 0 lets the kernel choose.
 *
 * Returns  the address's length; 0 if ${text} is neither (address is then all zero).
 */
CDR_MUST_CHECK socklen_t cdr_address_read(const char *text, struct sockaddr_storage *address);

/**
 * cdr_address_write(address, text):
 * The same form back, for an IPv4 or IPv6 address.
 *
 * text    out    CDR_ADDRESS_LEN bytes
 *
 * Returns  the port.
 */
uint16_t cdr_address_write(const struct sockaddr_storage *address, char text[static CDR_ADDRESS_LEN]);

#endif
