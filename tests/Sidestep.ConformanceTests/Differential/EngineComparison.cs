using System.Globalization;
using System.Runtime.InteropServices;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>Compares the program in the kernel with the pipeline in C# for the same input: frames, counters and tracked
/// flows must be equal. Runs on one CPU.</summary>
internal sealed class EngineComparison : IDisposable
{
    /// <summary>Capacity of the flow table: enough for the flows of a scenario.</summary>
    public const int FlowTableSize = XdpEngine.DetachedFlows;

    private const int Interface = 1, Longest = 4096, Headroom = 256;

    private readonly int _cpu;
    private readonly XdpEngine _xdp;
    private readonly ManagedEngine _managed = new(FlowTableSize);
    private readonly PacketPipeline _pipeline;
    private readonly BpfRingBuffer _punts;
    private readonly byte[] _output = new byte[Longest + Headroom];
    private readonly byte[] _buffer = new byte[Longest + 2 * Headroom];
    private readonly byte[] _puntedFrame = new byte[16 + Constants.FrameBytes];
    private int _puntedLength;
    private ForwardingTables? _tables;
    private DateTimeOffset _now;
    private BpfProgram? _program;
    private NamedCounters? _xdpBefore, _managedBefore;

    /// <summary>Pins the calling thread to one CPU, because counters are per CPU.</summary>
    /// <param name="xdp">The engine, for exclusive use while scenarios run; its flow table has
    /// <see cref="FlowTableSize"/>.</param>
    public EngineComparison(XdpEngine xdp)
    {
        _cpu = Environment.ProcessorCount - 1;
        Kernel.PinThread(_cpu);
        _xdp = xdp;
        _pipeline = _managed.NewPipeline();
        _punts = BpfRingBuffer.Open(_xdp.PuntedFrames);
    }

    /// <summary>Runs a scenario from its beginning, without earlier state.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="frames">Incremented for each compared frame.</param>
    /// <returns>The first difference; null when there is none.</returns>
    public Difference? Run(Scenario scenario, ref long frames)
    {
        Begin();
        Given? given = null;
        string changes = "{}";
        for (var stage = 0; stage < scenario.Stages.Count; stage++)
        {
            var (change, later, stageFrames) = scenario.Stages[stage];
            given = stage == 0 ? CaseTable.Given(change) : CaseTable.Given(changes = Merge(changes, change));
            if (stage == 0)
                changes = change;
            _now += TimeSpan.FromSeconds(later);
            if (Apply(given) is { } rejection)
                return new Difference(stage, -1, rejection);
            for (var i = 0; i < stageFrames.Count; i++)
            {
                frames++;
                if (Compare(stageFrames[i]) is { } difference)
                    return new Difference(stage, i, difference);
            }
            if (CompareState() is { } stateDifference)
                return new Difference(stage, stageFrames.Count, stateDifference);
        }
        return null;
    }

    /// <summary>Merges two changes into one.</summary>
    private static string Merge(string changes, string more) => CaseTable.Merged(changes, more);

    private void Begin()
    {
        Engines.ClearState(_xdp);
        _managed.ClearState();
        _tables = null;
        _now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private string? Apply(Given given)
    {
        var count = _tables is null ? null : (Func<FlowCounts>)_xdp.ReadFlows;
        _tables = TableCompiler.Compile(given.Configuration, given.NextHops, _tables, _now, count);
        string? xdp = TryApply(_xdp, "xdp", _tables), managed = TryApply(_managed, "managed", _tables);
        if (xdp != managed)
            return $"xdp {xdp ?? "accepts the tables"}, managed {managed ?? "accepts them"}";
        _program?.Dispose();
        _program = _xdp.Program();
        (_xdpBefore, _managedBefore) = (
            NamedCounters.Of(_xdp.ReadCounters()), NamedCounters.Of(_managed.ReadCounters()));
        return null;
    }

    private static string? TryApply(IEngine engine, string name, ForwardingTables tables)
    {
        try
        {
            engine.Apply(tables);
            return null;
        }
        catch (EngineException e)
        {
            return $"rejects: {e.Message}".Replace(name, "", StringComparison.Ordinal);
        }
    }

    private string? Compare(byte[] frame)
    {
        ref var counters = ref _xdp.Maps.Counters(_cpu);
        // The rate limit of ICMP errors depends on a clock that the engines do not share.
        (counters.IcmpTick, counters.IcmpTokens) = (0, 0);
        _pipeline.Tokens = default;
        Span<FrameCounter> before = stackalloc FrameCounter[Constants.DecisionCounters];
        DecisionCounters(ref counters).CopyTo(before);
        var run = _program!.Run(frame, _output, ingressInterface: Interface);
        var counted = Counted(before, DecisionCounters(ref counters), frame.Length);
        frame.CopyTo(_buffer.AsSpan(Headroom));
        var managed = new Frame(_buffer, Headroom, frame.Length);
        _pipeline.Now = ManagedEngine.MonotonicNanoseconds();
        var decision = _pipeline.Process(_managed.Tables!, ref managed, Interface);
        var action = ManagedEngine.ActionOf(decision, _pipeline.Egress, Interface);
        var expected = CountersOf(decision);
        if ((XdpAction)run.ReturnValue != action || counted != expected)
            return $"xdp {(XdpAction)run.ReturnValue} counted {counted}, managed {decision} "
                + $"{(_pipeline.Reason == 0 ? "" : _pipeline.Reason)} ({action}, counts {expected})";
        var sent = _output.AsSpan(0, run.Length);
        if (action != XdpAction.Drop && !sent.SequenceEqual(managed.Bytes))
            return $"{decision}: xdp sends {Convert.ToHexStringLower(sent)}, managed "
                + $"{Convert.ToHexStringLower(managed.Bytes)}";
        return decision == Decision.Punted ? ComparePunted(managed.Bytes) : null;
    }

    /// <summary>Compares the frames that are punted to user space.</summary>
    private string? ComparePunted(ReadOnlySpan<byte> frame)
    {
        _puntedLength = 0;
        _punts.Poll(TimeSpan.Zero, record =>
        {
            record.CopyTo(_puntedFrame);
            _puntedLength = record.Length;
        });
        const int Header = 16;
        if (_puntedLength < Header)
            return "punted: xdp punts no frame";
        var headerWords = MemoryMarshal.Cast<byte, uint>(_puntedFrame.AsSpan(0, Header));
        int mtu = (ushort)headerWords[2], l3 = (int)(headerWords[2] >> 16);
        var (managedL3, managedMtu, managedEgress) = _pipeline.PuntTarget(_managed.Tables!);
        var punted = _puntedFrame.AsSpan(Header, (int)headerWords[1]);
        return (mtu, l3, (int)headerWords[0]) != (managedMtu, managedL3, managedEgress) || !punted.SequenceEqual(frame)
            ? $"punted: xdp punts {mtu}, {l3}, interface {headerWords[0]}, {Convert.ToHexStringLower(punted)}, "
                + $"managed {managedMtu}, {managedL3}, {Convert.ToHexStringLower(frame)}"
            : null;
    }

    /// <summary>Compares all counters and all tracked flows.</summary>
    private string? CompareState()
    {
        var (xdp, managed) = ($"{NamedCounters.Of(_xdp.ReadCounters()).Since(_xdpBefore!)}",
            $"{NamedCounters.Of(_managed.ReadCounters()).Since(_managedBefore!)}");
        if (xdp != managed)
            return $"counters: xdp {LinesMissingIn(xdp, managed)}, managed {LinesMissingIn(managed, xdp)}";
        var (xdpFlows, managedFlows) = (new List<string>(), new List<string>());
        DirectorFlows.Visit(_xdp.Maps, RunningTables.Read(_xdp.Maps), f => xdpFlows.Add(TextOf(f)));
        _managed.VisitFlows(f => managedFlows.Add(TextOf(f)));
        xdpFlows.Sort(StringComparer.Ordinal);
        managedFlows.Sort(StringComparer.Ordinal);
        return xdpFlows.SequenceEqual(managedFlows) ? null
            : $"tracked: only xdp {string.Join("; ", xdpFlows.Except(managedFlows).Take(3))}, only managed "
                + $"{string.Join("; ", managedFlows.Except(xdpFlows).Take(3))}";
    }

    private static string LinesMissingIn(string text, string other) =>
        string.Join("; ", text.Split('\n').Except(other.Split('\n')).Take(4));

    private static string TextOf(TrackedFlow f) => $"{f.Service} {f.Flow} {f.Server}";

    /// <summary>The counters of the decision: those of its drop reason and of its reply. A frame for a server is
    /// counted with the server.</summary>
    private string CountersOf(Decision decision)
    {
        var isReply = decision is not (Decision.Pass or Decision.Forward or Decision.Drop)
            && (decision != Decision.DeliverLocally || _pipeline.LastPacket.Server == 0);
        return Names([.. isReply ? [(int)decision] : Array.Empty<int>(),
            .. decision == Decision.Drop || Account.IsRejected(_pipeline.LastPacket, decision)
                ? [Constants.DropCounterBase + (int)_pipeline.Reason] : Array.Empty<int>()]);
    }

    private static string Names(List<int> counters) => counters.Count == 0 ? "nothing"
        : string.Join('+', counters.Select(static c => c > Constants.DropCounterBase
            ? $"{(DropReason)(c - Constants.DropCounterBase)}" : $"{(Decision)c}"));

    private static Span<FrameCounter> DecisionCounters(ref CpuCounters counters) => counters.Decisions;

    /// <summary>The counters that grew by one frame and by its length.</summary>
    private static string Counted(ReadOnlySpan<FrameCounter> before, ReadOnlySpan<FrameCounter> after, int length)
    {
        var counted = new List<int>();
        for (var i = 0; i < before.Length; i++)
        {
            if (before[i].Packets == after[i].Packets && before[i].Bytes == after[i].Bytes)
                continue;
            if (after[i].Packets != before[i].Packets + 1 || after[i].Bytes != before[i].Bytes + (ulong)length)
                return $"{Names([i])} wrongly";
            counted.Add(i);
        }
        return Names(counted);
    }

    public void Dispose()
    {
        _program?.Dispose();
        _punts.Dispose();
        _managed.Dispose();
    }
}

/// <summary>A difference between the engines.</summary>
/// <param name="Stage">Number of the stage.</param>
/// <param name="Frame">Number of the frame in the stage; -1 for the tables; the number of frames for the end of the
/// stage.</param>
/// <param name="What">Description.</param>
internal sealed record Difference(int Stage, int Frame, string What)
{
    /// <summary>The kind of difference, which shrinking must preserve.</summary>
    public string Kind =>
        string.Join(' ', What.Split(' ').Take(What.StartsWith("xdp", StringComparison.Ordinal) ? 6 : 1));

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"stage {Stage}, frame {Frame}: {What}");
}
