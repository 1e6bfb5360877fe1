using System.Globalization;
using Sidestep.Cli.Capture;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Every frame of a capture through an engine.</summary>
/// <param name="engine">Which.</param>
/// <param name="configuration">By which tables.</param>
/// <param name="filter">Which frames are told; null: all.</param>
/// <param name="mac">The director's Ethernet address; null: what the first frame to a VIP is addressed to.</param>
/// <param name="mtu">Of its interfaces.</param>
public sealed class ReplayRun(IReplayEngine engine, Configuration configuration, CaptureMatcher? filter, MacAddress? mac, int mtu) : IDisposable
{
    private readonly SortedDictionary<string, long> _decisions = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (int Index, string Name)> _interfaces = [];
    private ManagedReplay? _scout;
    private NextHops _hops = null!;
    private byte[] _padded = [];

    /// <summary>How many frames had each outcome.</summary>
    public IReadOnlyDictionary<string, long> Decisions => _decisions;

    /// <summary>Frames that were shorter than an Ethernet header, and not looked at.</summary>
    public long PassedOver { get; private set; }

    /// <summary>Frames of which the capture has only the beginning: the rest was taken to be zeros.</summary>
    public long Cut { get; private set; }

    /// <summary>The Ethernet address that the frames were addressed to; null when it was not found out.</summary>
    public MacAddress? Mac { get; private set; } = mac;

    /// <summary>Runs all frames.</summary>
    /// <param name="source">The capture.</param>
    /// <param name="reports">Get every frame.</param>
    /// <exception cref="EngineException">The engine cannot do it.</exception>
    public void Run(CaptureSource source, IReadOnlyList<IFrameReport> reports)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(reports);
        Apply();
        while (source.TryRead(out var record))
        {
            if (record.Bytes.Length < EthernetPacket.HeaderLength)
            {
                PassedOver++;
                continue;
            }
            var (index, name) = InterfaceOf(source, record.Interface);
            var frame = Whole(record.Bytes, record.Length);
            if (_scout is not null)
                Scout(frame, index);
            var result = engine.Run(frame, index, record.Time);
            Count(result);
            if (filter is not null && !(filter.Wants(frame) && filter.Wants(result)))
                continue;
            foreach (var report in reports)
                report.Write(source.Frames, record.Time, name, result.Egress == index ? name : NameOf(result.Egress), frame, result);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _scout?.Dispose();

    private void Apply()
    {
        _hops = StandIns.For(configuration, Mac, mtu);
        var tables = TableCompiler.Compile(configuration, _hops, now: DateTimeOffset.UnixEpoch);
        engine.Engine.Apply(tables);
        if (Mac is not null)
        {
            _scout?.Dispose();
            _scout = null;
        }
        else
        {
            _scout = new ManagedReplay(rememberedFlows: 1024, isVirtual: true);
            _scout.Managed.Apply(tables);
        }
    }

    /// <summary>Whether the frame says who the director is: it is for a VIP, and for one receiver.</summary>
    private void Scout(ReadOnlySpan<byte> frame, int index)
    {
        _scout!.Run(frame, index, 0);
        if (!_scout.IsForVip || (frame[0] & 1) != 0)
            return;
        Mac = MacAddress.Read(frame);
        Apply();
    }

    private ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int length)
    {
        if (bytes.Length >= length || length > Packets.Capture.CaptureDecoder.LongestFrame)
            return bytes;
        Cut++;
        if (_padded.Length < length)
            _padded = new byte[length];
        bytes.CopyTo(_padded);
        _padded.AsSpan(bytes.Length, length - bytes.Length).Clear();
        return _padded.AsSpan(0, length);
    }

    /// <summary>The director's interface of that name, or its first one.</summary>
    private (int Index, string Name) InterfaceOf(CaptureSource source, int number)
    {
        if (_interfaces.TryGetValue(number, out var known))
            return known;
        var found = source.InterfaceName(number) is { } name ? _hops.Interfaces.FirstOrDefault(i => i.Name == name) : null;
        found ??= _hops.Interfaces[0];
        return _interfaces[number] = (found.Index, found.Name);
    }

    private string NameOf(int index) => _hops.Interfaces.FirstOrDefault(i => i.Index == index)?.Name ?? index.ToString(CultureInfo.InvariantCulture);

    private void Count(ReplayedFrame result)
    {
        var name = result.Decision == Decision.Drop ? $"drop {Kebab.Of(result.Reason)}" : Kebab.Of(result.Decision);
        _decisions[name] = _decisions.GetValueOrDefault(name) + 1;
    }
}
