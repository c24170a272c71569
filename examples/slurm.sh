#!/usr/bin/env bash
# The trainings of jobs.yaml as one SLURM array, a job a task, each with a GPU of its own.
#
#   dvc repro trainset tune                                         # what trainings need: foundation, captions, learning rates
#   count=$(bash examples/slurm.sh | wc -l)                         # without SLURM it lists the jobs
#   sbatch --array="0-$((count - 1))%16" examples/slurm.sh          # 16 at once
#   dvc commit --force train predict                                # when all have ended: dvc.lock takes what they wrote
#   dvc repro                                                       # metrics, figures, book
#
# Tasks run the stages without DVC, because DVC's locks hold within one machine. Each writes the outputs of its own job alone, so
# that a task that failed can be submitted again by its number: sbatch --array=7 examples/slurm.sh
#
#SBATCH --job-name=fasrepro
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --gpus-per-task=1
#SBATCH --mem=32G
#SBATCH --time=12:00:00
#SBATCH --output=.work/slurm-%A_%a.log
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-.}"
if [ -d .venv ]; then
  PATH="$PWD/.venv/bin:$PATH"
fi

jobs=()
while IFS= read -r name; do
  jobs+=("$name")
done < <(python -c 'from fasrepro import config, paths; print(*config.read_yaml(paths.JOBS)["jobs"], sep="\n")')

if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then
  printf '%s\n' "${jobs[@]}"
  exit
fi
if [ "$SLURM_ARRAY_TASK_ID" -ge "${#jobs[@]}" ]; then
  echo "task $SLURM_ARRAY_TASK_ID: jobs.yaml has ${#jobs[@]} jobs, from 0: submit --array=0-$((${#jobs[@]} - 1))" >&2
  exit 1
fi
job=${jobs[$SLURM_ARRAY_TASK_ID]}
python -m fasrepro.stages.train "$job"
python -m fasrepro.stages.predict "$job"
