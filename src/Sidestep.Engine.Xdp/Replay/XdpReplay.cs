using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp.Replay;

/// <summary>Replays frames through the program in the kernel, in real time. Each frame is a test run with capture on;
/// the capture record holds the decision of the program.</summary>
public sealed class XdpReplay : IReplayEngine
{
    /// <summary>Longest frame that a test run accepts: a page, less the space around the frame.</summary>
    private const int LongestFrame = 3400;

    private const int HeadroomBytes = 256;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly int HeaderBytes = Unsafe.SizeOf<Layout.CapturedFrame>() - Constants.CaptureBytes;

    private readonly XdpEngine _xdp;
    private readonly BpfRingBuffer _ring;
    private readonly byte[] _output = new byte[LongestFrame + HeadroomBytes];
    private readonly Dictionary<int, string> _services = [];
    private readonly Dictionary<int, ServerKey> _servers = [];
    private BpfProgram? _program;
    private Layout.CapturedFrame _record;
    private bool _isRecorded;

    /// <summary>Loads the program; nothing is attached.</summary>
    /// <param name="flowTableSize">Capacity of the flow table.</param>
    public XdpReplay(int flowTableSize)
    {
        XdpEngine.CheckMachine();
        _xdp = XdpEngine.LoadDetached(multiArm: true, allFeatures: true, flowTableSize);
        _ring = BpfRingBuffer.Open(_xdp.Maps.Map(StateMaps.CapturedMap));
    }

    /// <inheritdoc/>
    public IEngine Engine => _xdp;

    /// <inheritdoc/>
    public ReplayedFrame Run(ReadOnlySpan<byte> frame, int interfaceIndex, long time)
    {
        if (frame.Length > LongestFrame)
        {
            throw new EngineException(string.Create(CultureInfo.InvariantCulture,
                $"a frame of {frame.Length} bytes is longer than a test run of the kernel accepts ({LongestFrame}): "
                + $"use --engine managed"));
        }
        _program ??= Begin();
        _isRecorded = false;
        var run = _program.Run(frame, _output, ingressInterface: interfaceIndex);
        _ring.Poll(TimeSpan.Zero, Take);
        if (!_isRecorded)
            throw new EngineException("the program recorded no decision: please report it");
        var server = _servers.TryGetValue((int)_record.Server, out var key) ? key : (ServerKey?)null;
        return new ReplayedFrame
        {
            Decision = DecisionOf((XdpAction)run.ReturnValue, _record.Verdict, server is not null),
            Reason = VerdictIndex.ReasonOf(_record.Verdict) ?? 0,
            Service = _services.GetValueOrDefault((int)_record.Service),
            Server = server,
            Slot = -1,
            Egress = (XdpAction)run.ReturnValue == XdpAction.Redirect
                ? (int)_xdp.Maps.Active.Server((int)_record.Server).Ifindex
                : interfaceIndex,
            Bytes = _output.AsSpan(0, run.Length),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _program?.Dispose();
        _ring.Dispose();
        _xdp.Dispose();
    }

    /// <summary>Starts capture of every frame; called after the tables were applied.</summary>
    private BpfProgram Begin()
    {
        var maps = _xdp.Maps;
        var running = RunningTables.Read(maps);
        foreach (var (service, id) in running.Services)
            _services.Add(id, service.ToString());
        foreach (var (key, id) in running.Servers)
            _servers.Add(id, key);
        var limits = new CaptureLimits { Rate = 0, Snap = CaptureLimits.ShortestSnap };
        maps.Capturing = FilterWriter.Of(Forwarding.Capture.CaptureFilter.Everything, limits, running) with
        {
            Verdicts = ulong.MaxValue,
        };
        maps.Control.Capture = Ticks.Now + Ticks.Of((int)Day.TotalSeconds);
        return _xdp.Program();
    }

    /// <summary>A frame for a server that is the director itself is passed to the kernel and counted with the
    /// server.</summary>
    private static Decision DecisionOf(XdpAction action, int verdict, bool hasServer) =>
        action == XdpAction.Pass && hasServer ? Decision.DeliverLocally : VerdictIndex.DecisionOf(verdict);

    private void Take(ReadOnlySpan<byte> record)
    {
        var head = default(Layout.CapturedFrame);
        record[..HeaderBytes].CopyTo(MemoryMarshal.AsBytes(new Span<Layout.CapturedFrame>(ref head)));
        if (head.Direction != Constants.CaptureIn)
            return;
        _record = head;
        _isRecorded = true;
    }
}
