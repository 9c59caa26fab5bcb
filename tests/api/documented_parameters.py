#!/usr/bin/env python3
"""Every function of the public header has a comment that names each of its parameters, and says which errors it gives."""
import re
import sys

header = open(sys.argv[1], encoding="utf-8").read()
comment = r"/\*((?:(?!\*/).)*)\*/\s*"
found = re.findall(comment + r"BCCL_API\s+([\w ]+?[ *]+)(bccl\w+)\(([^)]*)\);", header, re.S)
problems = []
for text, returned, function, parameters in found:
    names = [] if parameters == "void" else [re.split(r"[ *]+", one.strip())[-1] for one in parameters.split(",")]
    for name in names:
        if not re.search(rf"^ \*   (?:\w+, )*{name}(?:,|  ?)", text, re.M):
            problems.append(f"{function}: {name} is not described")
    if returned.strip() == "bcclResult_t" and not re.search(r"bccl(InvalidArgument|InvalidUsage)|Errors as of|Never fails|as above", text):
        problems.append(f"{function}: its errors are not described")
if len(found) != header.count("BCCL_API bccl") + header.count("BCCL_API const"):
    problems.append("a function has no comment right before it")
print("\n".join(problems) or f"{len(found)} functions, every parameter described")
sys.exit(bool(problems) or not found)
