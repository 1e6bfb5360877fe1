using System.Globalization;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Replays every frame of a capture through an engine.</summary>
/// <param name="engine">The engine.</param>
/// <param name="configuration">The configuration, which the tables are compiled from.</param>
/// <param name="filter">Which frames are reported; null: all.</param>
/// <param name="mac">The director's MAC address; null: it is found among the first frames.</param>
/// <param name="mtu">MTU of its interfaces, bytes.</param>
public sealed class ReplayRun(IReplayEngine engine, Configuration configuration, CaptureMatcher? filter,
    MacAddress? mac, int mtu) : IDisposable
{
    /// <summary>The most bytes of frames that are buffered until the director's MAC address is found.</summary>
    private const int MostBufferedBytes = 64 << 20;

    private readonly SortedDictionary<string, long> _decisions = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (int Index, string Name)> _interfaces = [];
    private readonly Queue<BufferedFrame> _buffered = [];
    private int _bufferedBytes;
    private DirectorMacFinder? _macFinder;
    private NextHops _nextHops = null!;
    private byte[] _padded = [];

    /// <summary>Number of frames per decision.</summary>
    public IReadOnlyDictionary<string, long> Decisions => _decisions;

    /// <summary>Frames that were shorter than an Ethernet header, and were skipped.</summary>
    public long Skipped { get; private set; }

    /// <summary>Frames of which the capture has only the beginning; the rest counts as zeros.</summary>
    public long Truncated { get; private set; }

    /// <summary>The director's MAC address; null: not found.</summary>
    public MacAddress? Mac { get; private set; } = mac;

    /// <summary>Compiles and applies the tables, then replays all frames of the capture.</summary>
    /// <param name="source">The capture.</param>
    /// <param name="reports">Receive every frame.</param>
    /// <exception cref="EngineException">The engine does not support the configuration.</exception>
    public void Run(CaptureFileReader source, IReadOnlyList<IFrameReport> reports)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(reports);
        var tables = Apply();
        _macFinder = Mac is null ? new DirectorMacFinder(tables) : null;
        while (source.TryRead(out var record))
        {
            if (record.Bytes.Length < EthernetPacket.HeaderLength)
            {
                Skipped++;
                continue;
            }
            var place = InterfaceOf(source, record.Interface);
            var frame = Whole(record.Bytes, record.Length);
            if (_macFinder is null)
                Replay(source.Frames, record.Time, place, frame, reports);
            else
                Buffer(new BufferedFrame(source.Frames, record.Time, place, frame.ToArray()), reports);
        }
        ReplayBuffered(reports);
    }

    /// <inheritdoc/>
    public void Dispose() => _macFinder?.Dispose();

    private ForwardingTables Apply()
    {
        _nextHops = SyntheticTopology.For(configuration, Mac, mtu);
        var tables = TableCompiler.Compile(configuration, _nextHops, now: DateTimeOffset.UnixEpoch);
        engine.Engine.Apply(tables);
        return tables;
    }

    /// <summary>Keeps a frame until the director's MAC address is known.</summary>
    private void Buffer(BufferedFrame buffered, IReadOnlyList<IFrameReport> reports)
    {
        _buffered.Enqueue(buffered);
        _bufferedBytes += buffered.Frame.Length;
        _macFinder!.Observe(buffered.Frame, buffered.Interface.Index);
        if (_macFinder.HasEnough || _bufferedBytes > MostBufferedBytes)
            ReplayBuffered(reports);
    }

    private void ReplayBuffered(IReadOnlyList<IFrameReport> reports)
    {
        if (_macFinder?.Found is { } found)
        {
            Mac = found;
            Apply();
            _macFinder.Dispose();
            _macFinder = null;
        }
        while (_buffered.TryDequeue(out var buffered))
            Replay(buffered.Number, buffered.Time, buffered.Interface, buffered.Frame, reports);
        _bufferedBytes = 0;
    }

    private void Replay(long number, long time, (int Index, string Name) place, ReadOnlySpan<byte> frame,
        IReadOnlyList<IFrameReport> reports)
    {
        var result = engine.Run(frame, place.Index, time);
        Count(result);
        if (filter is not null && !(filter.Matches(frame) && filter.Matches(result)))
            return;
        foreach (var report in reports)
            report.Write(number, time, place.Name, result.Egress == place.Index ? place.Name : NameOf(result.Egress),
                frame, result);
    }

    private ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int length)
    {
        if (bytes.Length >= length || length > Packets.Capture.CaptureDecoder.LongestFrame)
            return bytes;
        Truncated++;
        if (_padded.Length < length)
            _padded = new byte[length];
        bytes.CopyTo(_padded);
        _padded.AsSpan(bytes.Length, length - bytes.Length).Clear();
        return _padded.AsSpan(0, length);
    }

    /// <summary>The director's interface of the name in the capture, or its first interface.</summary>
    private (int Index, string Name) InterfaceOf(CaptureFileReader source, int number)
    {
        if (_interfaces.TryGetValue(number, out var known))
            return known;
        var found = source.InterfaceName(number) is { } name ? _nextHops.Interfaces.FirstOrDefault(i => i.Name == name)
            : null;
        found ??= _nextHops.Interfaces[0];
        return _interfaces[number] = (found.Index, found.Name);
    }

    private string NameOf(int index) =>
        _nextHops.Interfaces.FirstOrDefault(i =>
            i.Index == index)?.Name ?? index.ToString(CultureInfo.InvariantCulture);

    private void Count(ReplayedFrame result)
    {
        var name = result.Decision == Decision.Drop ? $"drop {CounterName.Of(result.Reason)}"
            : CounterName.Of(result.Decision);
        _decisions[name] = _decisions.GetValueOrDefault(name) + 1;
    }

    private readonly record struct BufferedFrame(long Number, long Time, (int Index, string Name) Interface,
        byte[] Frame);
}
