/**
 * For `python3 -I -c`: which modules lack that trusted files import, and what PyTorch sees. Arguments: `wantsGpu` (0 or 1), the
 * names of all files of the task, a line each, then name and path of each trusted Python file. Prints one line of JSON: `{"missing": [[file, module]], "torch": null | {"available",
 * "count", "name", "error"}}`. It reads the files and runs none of them.
 */
export const probeProgram = String.raw`
import ast, importlib.util, json, os, sys

def imported(tree):
    """Modules that are imported whatever happens: not within try, if or a function."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]

wants_gpu, names, *rest = sys.argv[1:]
files = list(zip(rest[::2], rest[1::2]))
# The program that is scored is one of the task's modules, too.
own = {os.path.splitext(name.split("/")[0])[0] for name in names.split("\n")}
missing, seen, torch_state = [], set(), None
for name, path in files:
    with open(path, "rb") as file:
        try:
            tree = ast.parse(file.read())
        except SyntaxError:
            continue
    for module in imported(tree):
        if module in own or module in seen:
            continue
        seen.add(module)
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            found = None
        if found is None:
            missing.append([name, module])
if "torch" in seen and wants_gpu == "1" and not any(module == "torch" for _, module in missing):
    torch_state = {"available": False, "count": 0, "name": None, "error": None}
    try:
        import torch
        torch_state["available"] = bool(torch.cuda.is_available())
        torch_state["count"] = torch.cuda.device_count()
        if torch_state["available"]:
            torch_state["name"] = torch.cuda.get_device_name(0)
    except Exception as error:
        torch_state["error"] = str(error).split("\n")[0]
print()
print(json.dumps({"missing": missing, "torch": torch_state}))
`;
