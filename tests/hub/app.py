"""A stand-in for the Hub's HTTP interface, as much of it as pushing, loading and streaming need.

Written from what `huggingface_hub` 2.4, `datasets` 5.2 and `evaluate` 0.4 ask for. Whoever has TOKEN is the user USER
and may write below that name; private repositories are hidden from all others.
"""

import asyncio
import json
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from tests.hub.commits import apply_commit, upload_mode
from tests.hub.store import Blob, Repo, Store

USER, TOKEN = "me", "hf_local"
KINDS = ("models", "datasets", "spaces")


@dataclass
class Faults:
    """What goes wrong on purpose, and what was seen.

    Attributes:
        hold_after: large files that are taken before the next one is kept waiting; None for never.
        holding: whether one waits.
        forces_public: new repositories are public whatever was asked for, as a plan may have it.
        received: hashes of large files, as they arrived.
        requests: method and path of each.
    """

    hold_after: int | None = None
    holding: bool = False
    forces_public: bool = False
    received: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def build(store: Store, faults: Faults) -> FastAPI:
    """The application over a store."""
    app = FastAPI()

    @app.middleware("http")
    async def note(request: Request, call_next):
        faults.requests.append(f"{request.method} {request.url.path}")
        return await call_next(request)

    _add_account(app, store, faults)
    _add_reading(app, store)
    _add_writing(app, store, faults)
    _add_files(app, store)
    return app


def missing(code: str, text: str = "not found", **headers: str) -> Response:
    """A 404 as the Hub words it."""
    return JSONResponse({"error": text}, 404, headers={"X-Error-Code": code, "X-Error-Message": text, **headers})


def found(store: Store, request: Request, kind: str, name: str) -> Repo | None:
    """A repository that this caller may see."""
    repo = store.repo(kind, name)
    return repo if repo.exists and (not repo.private or allowed(request)) else None


def allowed(request: Request) -> bool:
    """Whether the caller has the token."""
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _add_account(app: FastAPI, store: Store, faults: Faults) -> None:
    @app.get("/api/whoami-v2")
    def whoami(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"error": "Invalid username or password."}, 401)
        token = {"type": "access_token", "accessToken": {"role": "write", "displayName": "local"}}
        return JSONResponse({"name": USER, "type": "user", "auth": token, "orgs": []})

    @app.post("/api/repos/create")
    async def create(request: Request) -> Response:
        asked = await request.json()
        owner = asked.get("organization") or USER
        if not allowed(request) or owner != USER:
            return JSONResponse({"error": f"You don't have the rights to create a repo under {owner}"}, 403)
        kind, name = f"{asked.get('type') or 'model'}s", f"{owner}/{asked['name']}"
        if kind == "spaces" and not asked.get("sdk"):
            return JSONResponse({"error": "sdk is required for a Space"}, 400)
        repo = store.repo(kind, name)
        url = f"{request.base_url}{'' if kind == 'models' else kind + '/'}{name}"
        if repo.exists:
            return JSONResponse({"error": "You already created this repo", "url": url}, 409)
        repo.create(asked.get("visibility") == "private" and not faults.forces_public)
        return JSONResponse({"url": url, "name": name, "id": "1"})

    @app.post("/api/validate-yaml")
    def validate() -> dict:
        return {"errors": [], "warnings": []}


def _add_reading(app: FastAPI, store: Store) -> None:
    @app.get("/api/{kind}/{owner}/{name}")
    @app.get("/api/{kind}/{owner}/{name}/revision/{revision:path}")
    def info(request: Request, kind: str, owner: str, name: str, revision: str = "main") -> Response:
        repo = found(store, request, kind, f"{owner}/{name}")
        if repo is None:
            return missing("RepoNotFound")
        files = repo.files(revision)
        if files is None:
            return missing("RevisionNotFound")
        content = {"id": f"{owner}/{name}", "_id": "1", "sha": repo.resolve(revision), "private": repo.private}
        content |= {"siblings": [{"rfilename": path} for path in files], "tags": [], "downloads": 0, "likes": 0}
        return JSONResponse(content | {"lastModified": "2026-01-01T00:00:00.000Z", "gated": False, "disabled": False})

    @app.get("/api/{kind}/{owner}/{name}/refs")
    def refs(request: Request, kind: str, owner: str, name: str) -> Response:
        repo = found(store, request, kind, f"{owner}/{name}")
        if repo is None:
            return missing("RepoNotFound")
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
        return JSONResponse({"branches": [main], "tags": [], "converts": []})

    @app.get("/api/{kind}/{owner}/{name}/tree/{rest:path}")
    def tree(request: Request, kind: str, owner: str, name: str, rest: str, recursive: bool = False) -> Response:
        repo = found(store, request, kind, f"{owner}/{name}")
        if repo is None:
            return missing("RepoNotFound")
        revision, _, under = rest.partition("/")
        files = repo.files(revision)
        if files is None:
            return missing("RevisionNotFound")
        inside = {path: blob for path, blob in files.items() if not under or path.startswith(f"{under}/")}
        if under and not inside:
            return missing("EntryNotFound")
        return JSONResponse(_entries(inside, under, recursive))

    @app.post("/api/{kind}/{owner}/{name}/paths-info/{revision:path}")
    async def paths_info(request: Request, kind: str, owner: str, name: str, revision: str) -> Response:
        repo = found(store, request, kind, f"{owner}/{name}")
        if repo is None:
            return missing("RepoNotFound")
        if "form" in request.headers.get("content-type", ""):
            asked = (await request.form()).getlist("paths")
        else:
            asked = (await request.json())["paths"]
        files = repo.files(revision) or {}
        return JSONResponse([_entry(path, files[path]) for path in asked if path in files])


def _entry(path: str, blob: Blob) -> dict:
    entry = {"type": "file", "oid": blob.oid, "size": blob.size, "path": path}
    pointer = {"oid": blob.sha256, "size": blob.size, "pointerSize": len(blob.pointer)}
    return entry | ({"lfs": pointer} if blob.lfs else {})


def _entries(files: dict[str, Blob], under: str, recursive: bool) -> list[dict]:
    """Folders and files, as a listing of one level or of all."""
    base = f"{under}/" if under else ""
    entries = {}
    for path, blob in files.items():
        parts = path[len(base) :].split("/")
        for depth in range(1, len(parts)):
            folder = base + "/".join(parts[:depth])
            entries.setdefault(folder, (depth, {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}))
        entries[path] = (len(parts), _entry(path, blob))
    return [entry for depth, entry in entries.values() if recursive or depth == 1]


def _add_writing(app: FastAPI, store: Store, faults: Faults) -> None:
    @app.post("/api/{kind}/{owner}/{name}/preupload/{revision:path}")
    async def preupload(request: Request, kind: str, owner: str, name: str, revision: str) -> Response:
        repo = store.repo(kind, f"{owner}/{name}")
        if not repo.exists or not allowed(request):
            return missing("RepoNotFound")
        there = repo.files(revision) or {}
        asked = (await request.json())["files"]
        modes = [{"path": each["path"], "uploadMode": upload_mode(each), "shouldIgnore": False} for each in asked]
        return JSONResponse({"files": [each | _known(there.get(each["path"])) for each in modes]})

    @app.post("/{owner}/{name}.git/info/lfs/objects/batch")
    @app.post("/{kind}/{owner}/{name}.git/info/lfs/objects/batch")
    async def batch(request: Request, owner: str, name: str, kind: str = "models") -> Response:
        if not store.repo(kind, f"{owner}/{name}").exists or not allowed(request):
            return missing("RepoNotFound")
        objects = []
        for each in (await request.json())["objects"]:
            entry = {"oid": each["oid"], "size": each["size"]}
            upload = {"upload": {"href": f"{request.base_url}lfs/{each['oid']}", "header": {}}}
            objects.append(entry if store.has(each["oid"]) else entry | {"actions": upload})
        return JSONResponse({"transfer": "basic", "objects": objects}, media_type="application/vnd.git-lfs+json")

    @app.put("/lfs/{oid}")
    async def put(request: Request, oid: str) -> Response:
        try:
            content = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        while faults.hold_after is not None and len(faults.received) >= faults.hold_after:
            faults.holding = True
            if await request.is_disconnected():
                return Response(status_code=499)
            await asyncio.sleep(0.02)
        faults.received.append(oid)
        return Response() if store.put(content) == oid else JSONResponse({"error": "other content"}, 400)

    @app.post("/api/{kind}/{owner}/{name}/commit/{revision:path}")
    async def commit(request: Request, kind: str, owner: str, name: str, revision: str) -> Response:
        repo = store.repo(kind, f"{owner}/{name}")
        if not repo.exists or not allowed(request):
            return missing("RepoNotFound")
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        problem, made = apply_commit(repo, lines)
        if problem is not None:
            return JSONResponse({"error": problem}, 412)
        url = f"{request.base_url}{owner}/{name}/commit/{made}"
        return JSONResponse({"success": True, "commitOid": made, "commitUrl": url, "hookOutput": ""})


def _known(blob: Blob | None) -> dict:
    return {} if blob is None else {"oid": blob.sha256 if blob.lfs else blob.git}


def _add_files(app: FastAPI, store: Store) -> None:
    @app.api_route("/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    @app.api_route("/{kind}/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    def resolve(request: Request, owner: str, name: str, revision: str, path: str, kind: str = "models") -> Response:
        repo = found(store, request, kind, f"{owner}/{name}")
        if repo is None:
            return missing("RepoNotFound")
        files, commit = repo.files(revision), repo.resolve(revision)
        if files is None:
            return missing("RevisionNotFound")
        if path not in files:
            return missing("EntryNotFound", **{"X-Repo-Commit": commit})
        return _download(request, store.read(files[path].sha256), files[path], commit)


def _download(request: Request, content: bytes, blob: Blob, commit: str) -> Response:
    """A file, or the part of it that was asked for."""
    headers = {"ETag": f'"{blob.etag}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
    status, asked = 200, request.headers.get("range", "")
    if asked.startswith("bytes="):
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        content, status = content[start : end + 1], 206
    headers["Content-Length"] = str(len(content))
    body = b"" if request.method == "HEAD" else content
    return Response(body, status, headers, media_type="application/octet-stream")
