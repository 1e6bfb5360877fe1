using System.Globalization;

namespace Sidestep.Control.Health;

/// <summary>Finds the longest datagram that arrives, by binary search. Pure except for the probes.</summary>
internal static class PathMtuSearch
{
    /// <summary>Every path carries this, whatever its MTU.</summary>
    private const int MinBytes = 128;

    /// <summary>A single lost probe proves nothing.</summary>
    private const int Attempts = 2;

    /// <summary>How often a byte more must be lost, between replies to the length found, before that length counts.
    /// Each loss takes two timeouts, so that a short disturbance of the network does not look like a small
    /// MTU.</summary>
    private const int Confirmations = 3;

    /// <summary>Searches that a length may begin again from, because a byte more arrived after all.</summary>
    private const int MaxSearches = 3;

    /// <summary>Searches between 128 bytes and the expected length, and proves the result. A path without a bottleneck
    /// costs one probe. A path that loses some probes of any length has no result.</summary>
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

        async Task<int> BisectAsync(int passing, int failing)
        {
            while (failing - passing > 1)
            {
                var middle = passing + (failing - passing) / 2;
                if (await Passes(middle).ConfigureAwait(false))
                    passing = middle;
                else
                    failing = middle;
            }
            return passing;
        }

        if (await Passes(pathMtu).ConfigureAwait(false))
            return new PathMtuResult(pathMtu, pathMtu, null);
        var unknown = new PathMtuResult(pathMtu, null, null);
        // A server that answers no echo at all reveals nothing about lengths.
        if (pathMtu <= MinBytes || !await Passes(MinBytes).ConfigureAwait(false))
            return unknown;
        var found = await BisectAsync(MinBytes, pathMtu).ConfigureAwait(false);
        for (var search = 1; search <= MaxSearches; search++)
        {
            var confirmed = 0;
            var isLarger = false;
            while (confirmed < Confirmations && !isLarger)
            {
                if (!await Passes(found).ConfigureAwait(false))
                    return unknown;
                isLarger = await Passes(found + 1).ConfigureAwait(false);
                confirmed++;
            }
            if (!isLarger)
                return Limited(pathMtu, found);
            found = await BisectAsync(found + 1, pathMtu + 1).ConfigureAwait(false);
            if (found == pathMtu)
                return new PathMtuResult(pathMtu, pathMtu, null);
        }
        return unknown;
    }

    private static PathMtuResult Limited(int pathMtu, int found) =>
        new(pathMtu, found, string.Create(CultureInfo.InvariantCulture,
            $"datagrams of more than {found} bytes do not arrive, although the director's route takes {pathMtu}: "
                + $"raise the MTU along the path by {pathMtu - found}, or lower that of the route by as much "
                + $"(ip route replace ... mtu)"));
}
