"""Which libraries run, and how: each at every setting that may be its best, by size."""

import os
from dataclasses import dataclass, field
from pathlib import Path

KIB = 1 << 10
MIB = 1 << 20

SIZES = [8, 256, 4 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 64 * MIB, 256 * MIB]

COLLECTIVES = ["all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "gather", "scatter", "all_to_all", "ping_pong", "barrier"]
GLOO_LACKS = "reduce_scatter", "reduce"
BARE_HAS = "all_reduce", "all_gather", "reduce_scatter", "broadcast", "all_to_all", "ping_pong"  # over sockets
HAVE_BLOCKS = "all_gather", "reduce_scatter", "gather", "scatter", "all_to_all"

# Copies this large come from memory and not from a cache, and only all-reduces this large are held against them.
COPY_BYTES = 256 * MIB
COPY_LIMITS_FROM = 16 * MIB

NAMES = {"bccl": "bccl", "bccl_alloc": "bccl on bcclMemAlloc", "bccl_counts": "bccl by counts", "bccl_skewed": "bccl, skewed counts", "openmpi": "Open MPI", "mpich": "MPICH", "gloo": "Gloo", "bare": "bare exchange", "bare_tcp": "bare sockets"}
PEERS = "openmpi", "mpich", "gloo"
NETWORKS = "shm", "tcp"


@dataclass(frozen=True)
class Setting:
    """One way to run one library, for the sizes `least` … `most`."""

    library: str
    name: str
    least: int = 0
    most: int = 1 << 40
    options: tuple[str, ...] = ()  # of the launcher
    arguments: tuple[str, ...] = ()  # of the program, beside where its ranks meet
    environment: dict[str, str] = field(default_factory=dict)

    def bytes_for(self, size: int) -> int | None:
        """How many bytes to measure when it is `size`'s turn; None: this setting sits out."""
        if not self.least <= size <= self.most:
            return None
        return COPY_BYTES if self.library == "copy" else size


def settings_for(collective: str, ranks: int, network: str) -> list[Setting]:
    return _by_tcp(collective, ranks) if network == "tcp" else _by_shared_memory(collective, ranks)


def _by_shared_memory(collective: str, ranks: int) -> list[Setting]:
    bccl = [Setting("bccl", ""), Setting("bccl_alloc", "", 4 * KIB, arguments=("alloc",))]
    if collective in HAVE_BLOCKS:
        bccl += [Setting("bccl_counts", "", arguments=("by_counts",)), Setting("bccl_skewed", "", arguments=("skewed",))]
    gloo = [] if collective in GLOO_LACKS else _gloo(collective, ranks)
    if collective != "all_reduce":
        return [*bccl, *_open_mpi(collective, ranks), *_mpich(ranks), *gloo]
    limits = [Setting("bare", "")] if ranks == 2 else []
    limits.append(Setting("copy", "", COPY_LIMITS_FROM))
    return [*bccl, *_open_mpi_all_reduce(), *_mpich(ranks), *gloo, *limits]


def _by_tcp(collective: str, ranks: int) -> list[Setting]:
    """All that each has over the loopback interface, where no library may use shared memory."""
    tcp = ("--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo")
    buffers = ("--mca", "btl_tcp_sndbuf", str(4 * MIB), "--mca", "btl_tcp_rcvbuf", str(4 * MIB))
    eager = ("--mca", "btl_tcp_max_send_size", str(MIB), "--mca", "btl_tcp_eager_limit", str(128 * KIB))
    through_ucx = {"MPIR_CVAR_NOLOCAL": "1", "UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "lo", "UCX_LOG_LEVEL": "error"}
    most = 256 * MIB if ranks <= cores() else 64 * KIB  # as through shared memory
    settings = [
        Setting("bccl", "", environment={"BCCL_SHM": "off"}),
        Setting("openmpi", "buffers 4M", options=(*tcp, *buffers)),
        Setting("openmpi", "buffers 4M, eager 128K", 4 * KIB, options=(*tcp, *buffers, *eager)),
        Setting("mpich", "ucx tcp", most=most, environment=through_ucx),
        *([] if collective in GLOO_LACKS else _gloo(collective, ranks)),
    ]
    if collective in BARE_HAS:
        settings += [Setting("bare_tcp", f"{sockets} sockets", arguments=(str(sockets),)) for sockets in (1, 2, 4)]
    return settings


def _open_mpi_all_reduce() -> list[Setting]:
    dynamic = ("--mca", "coll_tuned_use_dynamic_rules", "1", "--mca", "coll_tuned_allreduce_algorithm")
    segments = (*dynamic, "5", "--mca", "coll_tuned_allreduce_algorithm_segmentsize", str(256 * KIB))
    doubling = (*dynamic, "3", "--mca", "btl_vader_eager_limit", str(32 * KIB))
    return [
        Setting("openmpi", "default", most=16 * MIB),
        Setting("openmpi", "recursive doubling, eager 32K", most=4 * KIB, options=doubling),
        _open_mpi_ucx(256, 16 * MIB),
        Setting("openmpi", "ring, segments 256K", MIB, options=segments),
    ]


def _open_mpi(collective: str, ranks: int) -> list[Setting]:
    staged = ("--mca", "btl_vader_single_copy_mechanism", "none")
    settings = [Setting("openmpi", "default"), _open_mpi_ucx(0, 256 * MIB)]
    if ranks <= cores():
        settings.append(Setting("openmpi", "two copies", 4 * KIB, options=staged))
    if collective == "reduce_scatter":
        settings.append(Setting("openmpi", "by counts", arguments=("by_counts",)))
    return settings


def _open_mpi_ucx(least: int, most: int) -> Setting:
    ucx = ("--mca", "pml", "ucx", "--mca", "osc", "ucx")
    ucx += ("--mca", "opal_common_ucx_tls", "any", "--mca", "opal_common_ucx_devices", "any")
    return Setting("openmpi", "ucx", least, most, ucx, environment=_ucx_environment("posix,sysv,cma,self"))


def _mpich(ranks: int) -> list[Setting]:
    # It spins without yielding: with more ranks than cores, large sizes would take minutes.
    most = 256 * MIB if ranks <= cores() else 64 * KIB
    quiet = {"UCX_LOG_LEVEL": "error"}
    through_ucx = {"MPIR_CVAR_NOLOCAL": "1", **_ucx_environment("posix,self")}
    settings = [Setting("mpich", "default", most=most, environment=quiet)]
    if ranks <= cores():
        settings.append(Setting("mpich", "ucx posix", 4 * KIB, most, environment=through_ucx))
    return settings


def _gloo(collective: str, ranks: int) -> list[Setting]:
    most = 256 * MIB if ranks <= cores() else 16 * MIB  # beyond, a call takes a second
    settings = [Setting("gloo", "auto", most=most, arguments=("auto",))]
    if collective == "all_reduce":
        # Polled pairs of ranks that send to each other stand still once a message outgrows the sockets' buffers.
        polled = Setting("gloo", "halving-doubling, polled", most=16 * MIB, arguments=("halving_doubling",))
        settings.append(polled)
    return settings


def _ucx_environment(transports: str) -> dict[str, str]:
    return {"UCX_TLS": transports, "UCX_LOG_LEVEL": "error"}


def cores() -> int:
    return len(os.sched_getaffinity(0))


def command(setting: Setting, ranks: int, programs: Path, side_channel: str, scratch: str) -> list[str]:
    """How to start it. `side_channel`: an empty file; `scratch`: an empty directory."""
    program = str(program_of(setting, programs))
    crowded = ranks > cores()
    if setting.library == "openmpi":
        bind = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
        bind = bind if crowded else ["--bind-to", "core"]
        return ["mpirun.openmpi", "-n", str(ranks), *bind, *setting.options, program, side_channel, *setting.arguments]
    if setting.library == "mpich":
        bind = "none" if crowded else "core"
        return ["mpirun.mpich", "-n", str(ranks), "-bind-to", bind, *setting.options, program, side_channel, *setting.arguments]
    if setting.library == "gloo":
        return [program, side_channel, str(ranks), scratch, *setting.arguments]
    if setting.library == "copy":
        ranks = min(ranks, cores())
    return [program, side_channel, str(ranks), *setting.arguments]


def program_of(setting: Setting, programs: Path) -> Path:
    return programs / ("peer_bccl" if setting.library.startswith("bccl") else f"peer_{setting.library}")


def environment(setting: Setting) -> dict[str, str]:
    allow_root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    quiet = {"OMPI_MCA_btl_base_warn_component_unused": "0", "OMPI_MCA_orte_base_help_aggregate": "0"}
    return {**os.environ, **allow_root, **quiet, **setting.environment}
