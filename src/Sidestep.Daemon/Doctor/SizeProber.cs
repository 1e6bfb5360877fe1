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

    internal void Heard(int size) => _passed = Math.Max(_passed ?? 0, size);

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
    private const int MostRounds = 14;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    internal static async Task RunAsync(Prober prober, IReadOnlyList<SizeSearch> searches, CancellationToken cancellation)
    {
        var sequence = 0;
        for (var round = 0; round < MostRounds && searches.Any(static s => !s.IsOver); round++)
        {
            var asked = new Dictionary<int, (SizeSearch Search, int Size)>();
            foreach (var search in searches.Where(static s => !s.IsOver))
            {
                if (PathSender.Source(search.Hop, search.Vip.AddressFamily) is not { } source)
                {
                    search.Missed(Small);
                    continue;
                }
                asked[++sequence] = (search, search.Next);
                // Twice: a packet may be lost without being too big.
                for (var i = 0; i < 2; i++)
                    prober.Sender.Send(search.Hop, search.Way, search.Server, ProbePacket.Echo(source, search.Vip, EchoId, (ushort)sequence, search.Next), sequence);
            }
            await prober.HearUntilAsync(() => asked.Count == 0, Patience, reply =>
            {
                if (reply is { Kind: ReplyKind.Echo, Port: EchoId } && asked.Remove(reply.Number, out var answered) && reply.From.Equals(answered.Search.Vip))
                    answered.Search.Heard(answered.Size);
                if (reply.Kind == ReplyKind.TooBig)
                {
                    foreach (var told in searches.Where(s => s.Server.Equals(reply.About) || s.Way == Way.Layer2 && s.Vip.Equals(reply.About)))
                        told.Told = $"{reply.From} says that {reply.Number} bytes fit";
                }
            }, cancellation).ConfigureAwait(false);
            foreach (var (search, size) in asked.Values)
                search.Missed(size);
        }
    }
}
