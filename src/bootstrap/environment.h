/// Who this process is, according to its launcher: torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR,
/// MASTER_PORT; also `bccl run`), Open MPI (OMPI_COMM_WORLD_RANK …), PMI / PMIx (PMI_RANK, PMI_SIZE …) and
/// Slurm (SLURM_PROCID, SLURM_NTASKS …). Functions of the lookup, so that tests need no environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/status.h"
#include "bootstrap/unique_id.h"

namespace bccl {

struct Launch {
  std::string launcher;  ///< "torchrun", "openmpi", "pmi", "slurm"
  int rank = 0;
  int size = 1;
  int local_rank = 0;
  std::string
      job;  ///< What tells this job from others of the same user, as far as the launcher says; may be empty.
};

/// Empty where no launcher's variables are set; an error, naming the variable, where they are incomplete,
/// malformed or contradict each other (rank ≥ size …). Order: torchrun, openmpi, slurm, pmi.
Result<std::optional<Launch>> launch_from(const Lookup& lookup);

/// If another launcher's variables are there as well and say something else: a sentence that names all of
/// them.
std::optional<std::string> contradiction(const Launch& launch, const Lookup& lookup);

/// Gives a name to the job of a launcher that has none for it (MPICH's): the process that started this rank.
/// Not pure: it looks at this process's ancestors.
void name_job(Launch& launch, const Lookup& lookup);

/// Where rank 0 listens and the secret all ranks share, without asking anyone: BCCL_COMM_ID, else
/// MASTER_ADDR and a port derived from MASTER_PORT (which the launcher's own store occupies), else the
/// loopback address and a port derived from the job. The secret is derived (keyed hash) from BCCL_SECRET,
/// else from what only this user's job knows (the launcher's variables and the user id): weaker, see
/// docs/limits.md. `generation` counts the communicators that this process made so; it is part of the secret.
Result<UniqueId> rendezvous_from(const Launch& launch, const Settings& settings, const Lookup& lookup,
                                 int generation);

}  // namespace bccl
