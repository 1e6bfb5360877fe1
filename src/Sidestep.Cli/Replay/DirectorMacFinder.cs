using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Finds the director's MAC address in frames for VIPs: of the addresses that receive such frames, the one
/// that most of them have as source or destination.</summary>
/// <remarks>A router only sends such frames. A server only receives them: at layer 2 from the director, and the
/// director's probes come long before the first client. A server that is also a client has fewer frames than the
/// director, which all of them pass.</remarks>
internal sealed class DirectorMacFinder : IDisposable
{
    /// <summary>Frames for VIPs after which the result will hardly change.</summary>
    private const int Enough = 1000;

    private const int SourceAt = 6;

    private readonly ManagedReplay _pipeline = new(flowTableSize: 1024, isVirtual: true);
    private readonly Dictionary<MacAddress, (int Came, int Went)> _seen = [];
    private int _frames;

    /// <param name="tables">The tables, which contain the VIPs.</param>
    internal DirectorMacFinder(ForwardingTables tables) => _pipeline.Managed.Apply(tables);

    internal bool HasEnough => _frames >= Enough;

    /// <summary>The result so far; null: no unicast frame was for a VIP.</summary>
    internal MacAddress? Found => _seen.Where(static s => s.Value.Came > 0)
        .OrderByDescending(static s => s.Value.Came + s.Value.Went)
        .Select(static s => (MacAddress?)s.Key).FirstOrDefault();

    /// <summary>Counts the Ethernet addresses of a frame, if it is for a VIP.</summary>
    /// <param name="frame">The frame, from the Ethernet header on.</param>
    /// <param name="interfaceIndex">The ingress interface.</param>
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
