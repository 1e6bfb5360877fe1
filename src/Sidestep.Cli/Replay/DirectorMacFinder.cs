using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Finds out of frames for VIPs which Ethernet address the director's is: of those that get such frames, the one that most of
/// them come to or from.</summary>
/// <remarks>A router only sends them. Servers only get them, at layer 2 from the director, and first of all its probes, long before
/// a client's. One that is a client, too, has fewer than the director, which all pass.</remarks>
internal sealed class DirectorMacFinder : IDisposable
{
    /// <summary>Frames for VIPs after which the answer will hardly change.</summary>
    private const int Enough = 1000;

    private const int SourceAt = 6;

    private readonly ManagedReplay _pipeline = new(flowTableSize: 1024, isVirtual: true);
    private readonly Dictionary<MacAddress, (int Came, int Went)> _seen = [];
    private int _frames;

    /// <param name="tables">What says which addresses are VIPs.</param>
    internal DirectorMacFinder(ForwardingTables tables) => _pipeline.Managed.Apply(tables);

    internal bool HasEnough => _frames >= Enough;

    /// <summary>The answer by what was seen; null: no frame was for a VIP, and for one receiver.</summary>
    internal MacAddress? Found => _seen.Where(static s => s.Value.Came > 0).OrderByDescending(static s => s.Value.Came + s.Value.Went)
        .Select(static s => (MacAddress?)s.Key).FirstOrDefault();

    /// <param name="frame">From the Ethernet header on.</param>
    /// <param name="interfaceIndex">That it came in by.</param>
    internal void Observe(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        _pipeline.Run(frame, interfaceIndex, 0);
        if (!_pipeline.IsForVip || (frame[0] & 1) != 0)
            return;
        _frames++;
        var (to, from) = (MacAddress.Read(frame), MacAddress.Read(frame[SourceAt..]));
        _seen[to] = _seen.GetValueOrDefault(to) with { Came = _seen.GetValueOrDefault(to).Came + 1 };
        _seen[from] = _seen.GetValueOrDefault(from) with { Went = _seen.GetValueOrDefault(from).Went + 1 };
    }

    /// <inheritdoc/>
    public void Dispose() => _pipeline.Dispose();
}
