using System.Runtime.InteropServices;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Xdp;

/// <summary>The tc program src/bpf/probe/probe.bpf.c: takes packets with the mark of a server at the egress of an
/// interface, and sends them to that server as the XDP program forwards clients' packets, by the same tables.</summary>
public sealed class ProbeFilter : IDisposable
{
    /// <summary>Mark of a probe, without the id of the server (PROBE_MARK).</summary>
    public const uint Mark = 0x51000000;

    /// <summary>Bits of the mark that identify a probe (PROBE_MARK_MASK).</summary>
    public const uint MarkMask = 0xff000000;

    private const string Resource = "probe.bpf.o", Name = "probe", CountsMap = "probe_counts";

    /// <summary>Runs before other egress filters, so that they see the encapsulated packet.</summary>
    private static readonly TcFilterPosition Position = new(Priority: 51, Handle: 0x51);

    private readonly BpfObject _object;
    private readonly BpfProgram _program;
    private readonly BpfMap _counts;

    private ProbeFilter(BpfObject loaded)
    {
        _object = loaded;
        _program = loaded.Program(Name);
        _counts = loaded.Map(CountsMap);
    }

    /// <summary>Counts of probes since the program was loaded.</summary>
    public ProbeCounts Counts => _counts.TryLookup<uint, ProbeCounts>(0, out var counts) ? counts : default;

    internal static ProbeFilter Load(StateMaps maps)
    {
        using var stream = typeof(ProbeFilter).Assembly.GetManifestResourceStream(Resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        var opened = BpfObject.Open(copy.ToArray(), Name);
        try
        {
            foreach (var name in StateMaps.Names)
            {
                opened.SetMaxEntries(name, (int)maps.Map(name).Definition.Entries);
                opened.Reuse(name, maps.Map(name));
            }
            MemoryMarshal.Write(opened.InitialValue(".rodata"), FeatureSet.All.ToFeatures(maps.FlowBuckets));
            opened.Load();
            return new ProbeFilter(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Attaches to the egress of an interface, or replaces an earlier program of its own.</summary>
    /// <exception cref="NativeException">The kernel rejected the attachment.</exception>
    public void Attach(int interfaceIndex)
    {
        TcIngress.EnsureQdisc(interfaceIndex);
        TcEgress.Attach(interfaceIndex, _program, Position, replace: true);
    }

    /// <summary>True if an interface has a filter at the position of this one.</summary>
    /// <exception cref="NativeException">The kernel refused: the interface is gone.</exception>
    public static bool IsAttached(NetlinkSocket socket, int interfaceIndex) =>
        TcFilters.Egress(socket, interfaceIndex).Any(static f => f.Position == Position);

    /// <summary>Detaches from an interface, if it is attached.</summary>
    public static void Detach(int interfaceIndex)
    {
        try
        {
            TcEgress.Detach(interfaceIndex, Position);
        }
        catch (NativeException e) when (e.IsNotFound || e.IsNotSupported)
        {
            // The filter or the interface does not exist.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _counts.Dispose();
        _program.Dispose();
        _object.Dispose();
    }
}

/// <summary>Counts of probes at the egress (struct probe_counters).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct ProbeCounts
{
    /// <summary>Probes that were rewritten and sent to their server.</summary>
    public ulong Sent { get; init; }

    /// <summary>Probes that were dropped because their server is not in the tables.</summary>
    public ulong NoServer { get; init; }

    /// <summary>Probes that were dropped because they exceed the server's inner MTU.</summary>
    public ulong TooBig { get; init; }

    /// <summary>Probes that the kernel could not change or send.</summary>
    public ulong Failed { get; init; }
}
