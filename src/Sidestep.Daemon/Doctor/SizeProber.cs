using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.Doctor;

/// <summary>A path of which the largest packet is looked for.</summary>
internal sealed class SizeSearch
{
    internal required NextHop Hop { get; init; }

    internal required Way Way { get; init; }

    internal required IPAddress Server { get; init; }

    internal required IPAddress Vip { get; init; }

    /// <summary>Bytes of the inner packet that fit by the director's interface.</summary>
    internal required int Wanted { get; init; }

    internal SizeEvidence? Outcome => _passed is { } passed ? new SizeEvidence(Wanted, passed, Told) : new SizeEvidence(Wanted, null, Told);

    internal string? Told { get; set; }

    private int? _passed;
    private int _failed;

    internal bool IsOver => _passed is { } passed ? passed >= Wanted || _failed - passed <= SizeProber.Granularity : _failed > 0 && _failed <= SizeProber.Small;

    /// <summary>What to try next: all, then little, then halves.</summary>
    internal int Next => _failed == 0 ? Wanted : _passed is { } passed ? passed + (_failed - passed) / 2 : SizeProber.Small;

    /// <summary>An answer that comes late counts: what had been taken for lost was not too big.</summary>
    internal void Heard(int size)
    {
        _passed = Math.Max(_passed ?? 0, size);
        if (_failed > 0 && _failed <= _passed)
            _failed = _passed < Wanted ? Wanted : 0;
    }

    internal void Missed(int size) => _failed = _failed == 0 ? size : Math.Min(_failed, size);
}

/// <summary>Finds the largest packet that passes to a VIP through its encapsulation and is answered, by echo requests with DF.</summary>
internal static class SizeProber
{
    /// <summary>Passes everywhere, with any outer header.</summary>
    internal const int Small = 200;

    /// <summary>The search ends when it is known this well, bytes.</summary>
    internal const int Granularity = 8;

    private const ushort EchoId = 0x51de;
    private const int MostRounds = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300), LongPatience = TimeSpan.FromMilliseconds(1000);

    internal static async Task RunAsync(Prober prober, IReadOnlyList<SizeSearch> searches, CancellationToken cancellation)
    {
        var sequence = 0;
        // Of all rounds, so that late answers count.
        var asked = new Dictionary<int, (SizeSearch Search, int Size)>();
        async Task AskAsync(IReadOnlyCollection<SizeSearch> round, Func<SizeSearch, int> size, int times, TimeSpan patience)
        {
            var open = new HashSet<int>();
            foreach (var search in round)
            {
                if (PathSender.Source(search.Hop, search.Vip.AddressFamily) is not { } source)
                {
                    search.Missed(Small);
                    continue;
                }
                asked[++sequence] = (search, size(search));
                open.Add(sequence);
                // Several times: a packet may be lost without being too big.
                for (var i = 0; i < times; i++)
                    prober.Sender.Send(search.Hop, search.Way, search.Server, ProbePacket.Echo(source, search.Vip, EchoId, (ushort)sequence, size(search)), sequence);
            }
            await prober.HearUntilAsync(() => open.Count == 0, patience, reply => Take(reply, searches, asked, open), cancellation).ConfigureAwait(false);
            foreach (var (search, missed) in open.Select(o => asked[o]))
                search.Missed(missed);
        }

        for (var round = 0; round < MostRounds && searches.Any(static s => !s.IsOver); round++)
            await AskAsync([.. searches.Where(static s => !s.IsOver)], static s => s.Next, 2, Patience).ConfigureAwait(false);
        // Before it is said that less fits, all is tried again.
        var small = searches.Where(static s => s.Outcome is { Passed: { } passed } outcome && passed < outcome.Wanted).ToArray();
        if (small.Length > 0)
            await AskAsync(small, static s => s.Wanted, 3, LongPatience).ConfigureAwait(false);
    }

    private static void Take(Reply reply, IReadOnlyList<SizeSearch> searches, Dictionary<int, (SizeSearch Search, int Size)> asked, HashSet<int> open)
    {
        if (reply is { Kind: ReplyKind.Echo, Port: EchoId } && asked.TryGetValue(reply.Number, out var answered) && reply.From.Equals(answered.Search.Vip))
        {
            open.Remove(reply.Number);
            answered.Search.Heard(answered.Size);
        }
        if (reply.Kind == ReplyKind.TooBig)
        {
            foreach (var told in searches.Where(s => s.Server.Equals(reply.About) || s.Way == Way.Layer2 && s.Vip.Equals(reply.About)))
                told.Told = $"{reply.From} says that {reply.Number} bytes fit";
        }
    }
}
