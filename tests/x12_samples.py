"""Makes 837P files for the tests: any delimiters, several claims, right counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Delimiters:
    element: str = "*"
    part: str = ":"
    segment: str = "~"
    repeat: str = "^"
    line_break: str = ""


USUAL = Delimiters()


def clm(claim_id: str, *more: str) -> list[str]:
    """Begin a claim; ``more`` are segments of loop 2300 such as ``REF*EA*op-1``."""
    return [f"CLM*{claim_id}*2500***11:B:1*Y*A*Y*Y", *more]


def hi(*codes: str) -> str:
    kinds = ("ABK", *["ABF"] * len(codes))
    return "*".join(["HI", *(f"{kind}:{code}" for kind, code in zip(kinds, codes, strict=False))])


def line(number: int, code: str, units: str = "1", pointers: str = "1") -> list[str]:
    """One service line: ``code`` may carry modifiers (``63057:59``)."""
    return [
        f"LX*{number}",
        f"SV1*HC:{code}*500*UN*{units}***{pointers}",
        "DTP*472*D8*20260105",
        f"REF*6R*ITEM{number}",
    ]


def interchange(
    *claims: Sequence[str], delimiters: Delimiters = USUAL, control: int = 1, patients: bool = False
) -> str:
    """An interchange with one transaction; ``patients`` puts each claim under a patient loop."""
    body: list[str] = [
        "ST*837*0001*005010X222A1",
        "BHT*0019*00*17*20260106*1200*CH",
        "NM1*41*2*CLINIC*****46*123",
        "NM1*40*2*PAYER*****46*456",
        "HL*1**20*1",
        "NM1*85*2*SPINE GROUP*****XX*1234567893",
        "REF*EI*123456789",
    ]
    level = 1
    for claim in claims:
        level += 1
        body += [f"HL*{level}*1*22*{int(patients)}", "SBR*P*18", "NM1*IL*1*MARKER*PAT"]
        body += ["REF*SY*123121234", "NM1*PR*2*PAYER*****PI*456"]
        if patients:
            level += 1
            body += [f"HL*{level}*{level - 1}*23*0", "PAT*19", "NM1*QC*1*MARKER*KID"]
        body += claim
    body.append(f"SE*{len(body) + 1}*0001")
    inner = ["GS*HC*CLINIC*PAYER*20260106*1200*1*X*005010X222A1", *body, "GE*1*1"]
    isa = (
        "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          "
        f"*260106*1200*^*00501*{control:09}*0*T*:"
    )
    d = delimiters
    out = []
    for segment in (isa, *inner, f"IEA*1*{control:09}"):
        marks = {"*": d.element, ":": d.part, "^": d.repeat}
        out.append("".join(marks.get(char, char) for char in segment))
    return "".join(segment + d.segment + d.line_break for segment in out)


CLAIM_A = [
    *clm("A1", "REF*EA*op-a"),
    hi("M5104", "M5124", "M4804"),
    *line(1, "63055", "1", "1"),
    *line(2, "63057:59:51", "2", "2:3"),
]
CLAIM_B = [*clm("B1", "REF*D9*77", "REF*EA*op-b"), hi("M48061"), *line(1, "63056")]
