using System.Globalization;

namespace Sidestep.Control.Health;

/// <summary>Finds the longest datagram that gets through, by trying. Pure but for the trying.</summary>
internal static class PathMtuSearch
{
    /// <summary>What every way takes, whatever its MTU.</summary>
    private const int MinBytes = 128;

    /// <summary>One lost probe is no finding.</summary>
    private const int Attempts = 2;

    /// <summary>Searches. A way that takes everything costs one probe.</summary>
    /// <param name="pathMtu">The longest that should get through.</param>
    /// <param name="passes">Tries a length.</param>
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
        // Whoever answers no echo at all has said nothing of lengths.
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
            $"datagrams of more than {passing} bytes do not arrive, though the way out takes {pathMtu}: raise the MTU on the way by {pathMtu - passing}, or lower the director's by as much"));
    }
}
