#!/usr/bin/env python3
"""Writes an authority, and certificates of a server on loopback and of a client, into a folder.

    certificates.py FOLDER

Needs trustme. The files are ca.pem, server.pem, server.key, client.pem, client.key.
"""
import pathlib
import sys

import trustme

folder = pathlib.Path(sys.argv[1])
authority = trustme.CA()
authority.cert_pem.write_to_path(folder / "ca.pem")
for name, host in (("server", "127.0.0.1"), ("client", "client.test")):
    issued = authority.issue_cert(host, "localhost")
    (folder / f"{name}.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / f"{name}.key")
