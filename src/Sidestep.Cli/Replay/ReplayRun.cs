using System.Globalization;
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
/// <param name="mac">The director's Ethernet address; null: it is looked for among the first frames.</param>
/// <param name="mtu">Of its interfaces.</param>
public sealed class ReplayRun(IReplayEngine engine, Configuration configuration, CaptureMatcher? filter, MacAddress? mac, int mtu) : IDisposable
{
    /// <summary>What is held back at the most until it is known who the director is.</summary>
    private const int MostHeldBytes = 64 << 20;

    private readonly SortedDictionary<string, long> _decisions = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (int Index, string Name)> _interfaces = [];
    private readonly Queue<HeldFrame> _held = [];
    private int _heldBytes;
    private DirectorSearch? _search;
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
        var tables = Apply();
        _search = Mac is null ? new DirectorSearch(tables) : null;
        while (source.TryRead(out var record))
        {
            if (record.Bytes.Length < EthernetPacket.HeaderLength)
            {
                PassedOver++;
                continue;
            }
            var place = InterfaceOf(source, record.Interface);
            var frame = Whole(record.Bytes, record.Length);
            if (_search is null)
                Replay(source.Frames, record.Time, place, frame, reports);
            else
                Hold(new HeldFrame(source.Frames, record.Time, place, frame.ToArray()), reports);
        }
        ReplayHeld(reports);
    }

    /// <inheritdoc/>
    public void Dispose() => _search?.Dispose();

    private ForwardingTables Apply()
    {
        _hops = StandIns.For(configuration, Mac, mtu);
        var tables = TableCompiler.Compile(configuration, _hops, now: DateTimeOffset.UnixEpoch);
        engine.Engine.Apply(tables);
        return tables;
    }

    /// <summary>Whose frames these are shows only after some of them.</summary>
    private void Hold(HeldFrame held, IReadOnlyList<IFrameReport> reports)
    {
        _held.Enqueue(held);
        _heldBytes += held.Frame.Length;
        _search!.See(held.Frame, held.Interface.Index);
        if (_search.HasEnough || _heldBytes > MostHeldBytes)
            ReplayHeld(reports);
    }

    private void ReplayHeld(IReadOnlyList<IFrameReport> reports)
    {
        if (_search?.Found is { } found)
        {
            Mac = found;
            Apply();
            _search.Dispose();
            _search = null;
        }
        while (_held.TryDequeue(out var held))
            Replay(held.Number, held.Time, held.Interface, held.Frame, reports);
        _heldBytes = 0;
    }

    private void Replay(long number, long time, (int Index, string Name) place, ReadOnlySpan<byte> frame, IReadOnlyList<IFrameReport> reports)
    {
        var result = engine.Run(frame, place.Index, time);
        Count(result);
        if (filter is not null && !(filter.Wants(frame) && filter.Wants(result)))
            return;
        foreach (var report in reports)
            report.Write(number, time, place.Name, result.Egress == place.Index ? place.Name : NameOf(result.Egress), frame, result);
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

    private readonly record struct HeldFrame(long Number, long Time, (int Index, string Name) Interface, byte[] Frame);
}
