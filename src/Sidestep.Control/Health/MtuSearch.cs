using System.Globalization;

namespace Sidestep.Control.Health;

/// <summary>Finds the longest datagram that gets through, by trying. Pure but for the trying.</summary>
internal static class MtuSearch
{
    /// <summary>What every way takes, whatever its MTU.</summary>
    private const int Short = 128;

    /// <summary>One lost probe is no finding.</summary>
    private const int Attempts = 2;

    /// <summary>Searches. A way that takes everything costs one probe.</summary>
    /// <param name="room">The longest that should get through.</param>
    /// <param name="passes">Tries a length.</param>
    internal static async Task<MtuFinding> FindAsync(int room, Func<int, Task<bool>> passes)
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

        if (await Passes(room).ConfigureAwait(false))
            return new MtuFinding(room, room, null);
        // Whoever answers no echo at all has said nothing of lengths.
        if (room <= Short || !await Passes(Short).ConfigureAwait(false))
            return new MtuFinding(room, null, null);
        int works = Short, fails = room;
        while (fails - works > 1)
        {
            var middle = works + (fails - works) / 2;
            if (await Passes(middle).ConfigureAwait(false))
                works = middle;
            else
                fails = middle;
        }
        return new MtuFinding(room, works, string.Create(CultureInfo.InvariantCulture,
            $"datagrams of more than {works} bytes do not arrive, though the way out takes {room}: raise the MTU on the way by {room - works}, or lower the director's by as much"));
    }
}
