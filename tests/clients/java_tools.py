"""Java's code generators, compiler and virtual machine, with libraries from Debian packages."""

from __future__ import annotations

from pathlib import Path

from clients import tools

SOURCES = tools.HERE / "java"
LIBRARIES = Path("/usr/share/java")
#: Debian packages and the libraries from them that a program is compiled and run with.
AXIS = {
    "libaxis-java": ["axis", "jaxrpc", "saaj"],
    "libcommons-logging-java": ["commons-logging"],
    "libcommons-discovery-java": ["commons-discovery"],
    "libwsdl4j-java": ["wsdl4j"],
    "libmail-java": ["javax.mail"],
    "libactivation-java": ["javax.activation"],
    "libgoogle-gson-java": ["gson"],
}
JAXWS = {
    "libjaxws-java": ["jaxws-rt", "jaxws-tools"],
    "libjaxws-api-java": ["jaxws-api"],
    "libgoogle-gson-java": ["gson"],
}
XMLBEANS = {
    "libxmlbeans-java": ["xmlbeans"],
    "libsaxonhe-java": ["Saxon-HE"],
    "libgoogle-gson-java": ["gson"],
}
#: What kSOAP2 writes and reads XML with.
KSOAP2 = {
    "libkxml2-java": ["kxml2"],
    "libgoogle-gson-java": ["gson"],
}
#: What Android itself has.
ANDROID = {"libandroid-json-java": ["com.android.json"]}


def class_path(packages: dict[str, list[str]]) -> str:
    """The class path of these libraries."""
    paths = []
    for package, names in packages.items():
        for name in names:
            path = LIBRARIES / f"{name}.jar"
            if not path.exists():
                tools.missing(str(path), f"apt-get install {package}")
            paths.append(path)
    return ":".join(map(str, paths))


def wsdl2java(wsdl: str, directory: Path) -> None:
    """Axis's generator: sources in the Java package ``kimai`` below a directory."""
    tools.run(
        [
            virtual_machine(),
            "-cp",
            class_path(AXIS),
            "org.apache.axis.wsdl.WSDL2Java",
            "-p",
            "kimai",
            "-o",
            directory,
            wsdl,
        ]
    )


def wsimport(wsdl: str, directory: Path, *options: str) -> None:
    """JAX-WS's generator, likewise."""
    program = tools.need("wsimport", "apt-get install jaxws")
    tools.run(
        [
            program,
            "-quiet",
            *options,
            "-Xnocompile",
            "-b",
            SOURCES / "bindings.xml",
            "-p",
            "kimai",
            "-s",
            directory,
            wsdl,
        ]
    )


def compiled(program: str, directory: Path, packages: dict[str, list[str]]) -> list[str]:
    """Compile a client with its generated classes; return the command that runs it.

    :param directory: holds the generated sources, if there are any.
    """
    classes = directory / "classes"
    libraries = class_path(packages)
    tools.run(
        [
            tools.need("javac", "apt-get install default-jdk-headless"),
            "-nowarn",
            "-d",
            classes,
            "-encoding",
            "UTF-8",
            "-cp",
            libraries,
            "-sourcepath",
            f"{SOURCES}:{SOURCES / 'ksoap2'}",
            SOURCES / f"{program}.java",
            *directory.rglob("*.java"),
        ]
    )
    return [virtual_machine(), "-cp", f"{classes}:{libraries}", program]


def write_ksoap2(jar: Path) -> None:
    """Write a library with what stands in for kSOAP2 (see ``java/ksoap2``)."""
    classes = jar.with_suffix("")
    sources = (SOURCES / "ksoap2").rglob("*.java")
    libraries = class_path({"libkxml2-java": KSOAP2["libkxml2-java"]})
    javac = tools.need("javac", "apt-get install default-jdk-headless")
    tools.run([javac, "-d", classes, "-cp", libraries, *sources])
    manifest = jar.with_suffix(".mf")
    manifest.write_text(f"Class-Path: {libraries}\n", "utf-8")
    tools.run(["jar", "--create", "--file", jar, "--manifest", manifest, "-C", classes, "."])


def virtual_machine() -> str:
    """The path of Java."""
    return tools.need("java", "apt-get install default-jdk-headless")
