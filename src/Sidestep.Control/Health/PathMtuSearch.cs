using System.Globalization;

namespace Sidestep.Control.Health;

/// <summary>Finds the longest datagram that arrives, by binary search. Pure except for the probes.</summary>
internal static class PathMtuSearch
{
    /// <summary>Every path carries this, whatever its MTU.</summary>
    private const int MinBytes = 128;

    /// <summary>A single lost probe proves nothing.</summary>
    private const int Attempts = 2;

    /// <summary>Searches between 128 bytes and the expected length. A path without a bottleneck costs one
    /// probe.</summary>
    /// <param name="pathMtu">The longest datagram that should arrive, in bytes.</param>
    /// <param name="passes">Probes a length; true when it was answered.</param>
    internal static async Task<PathMtuResult> FindAsync(int pathMtu, Func<int, Task<bool>> passes)
    {
        async Task<bool> Passes(int bytes)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await passes(bytes).ConfigureAwait(false))
                    return true;
            }
            return false;
        }

        if (await Passes(pathMtu).ConfigureAwait(false))
            return new PathMtuResult(pathMtu, pathMtu, null);
        // A server that answers no echo at all reveals nothing about lengths.
        if (pathMtu <= MinBytes || !await Passes(MinBytes).ConfigureAwait(false))
            return new PathMtuResult(pathMtu, null, null);
        int passing = MinBytes, failing = pathMtu;
        while (failing - passing > 1)
        {
            var middle = passing + (failing - passing) / 2;
            if (await Passes(middle).ConfigureAwait(false))
                passing = middle;
            else
                failing = middle;
        }
        return new PathMtuResult(pathMtu, passing, string.Create(CultureInfo.InvariantCulture,
            $"datagrams of more than {passing} bytes do not arrive, although the director's route takes {pathMtu}: "
                + $"raise the MTU along the path by {pathMtu - passing}, or lower that of the route by as much "
                + $"(ip route replace ... mtu)"));
    }
}
