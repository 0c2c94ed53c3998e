"""Dask's distributed scheduler with two threads, in one process; nothing is durable."""

import peer
from distributed import Client, LocalCluster


def noop(*_after: object) -> None:
    return None


def main() -> None:
    options = peer.options()
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, local_directory=options.dir
        ) as cluster,
        Client(cluster) as client,
    ):

        def many(runs: int) -> int:
            ends = []
            for _ in range(runs):
                a = client.submit(noop, pure=False)
                b, c = client.submit(noop, a, pure=False), client.submit(noop, a, pure=False)
                ends.append(client.submit(noop, client.submit(noop, b, c, pure=False), pure=False))
            client.gather(ends)
            return 5 * runs

        def fan(width: int) -> int:
            client.gather(client.map(noop, range(width), pure=False))
            return width

        peer.tell(
            options.json,
            "distributed",
            {
                "many": peer.throughput(many, 20, 1_000, options.seconds),
                "fan": peer.throughput(fan, 100, 10_000, options.seconds),
                "step": peer.latency(lambda: client.submit(noop, pure=False).result(), 500, options.seconds),
            },
        )


if __name__ == "__main__":
    main()
