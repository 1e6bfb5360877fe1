using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Running;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The workers of an engine, and the interfaces that they take frames from. Interfaces come and go; the others' frames pass
/// meanwhile. One thread at a time.</summary>
internal sealed class DriverSet : IDisposable
{
    /// <summary>Workers of one driver and interface; more CPUs and queues are not used.</summary>
    internal const int MostWorkers = 16;

    private readonly AfXdpInterfaces _sockets;
    private readonly AfPacketInterfaces _packets;
    private readonly Silence _silence;
    private IReadOnlyList<Taken> _taken = [];
    private IReadOnlyList<IPNetwork> _vips = [];

    /// <summary>An interface that frames are taken from.</summary>
    private sealed record Taken(int Index, AttachedInterface As);

    /// <param name="engine">Decides.</param>
    /// <param name="slowPath">Sends in fragments.</param>
    /// <param name="path">What the name of a file begins with that outlives the process; null: nothing is written down.</param>
    /// <param name="log">Gets problems.</param>
    /// <param name="workers">Of an interface by packet sockets; null: one per CPU.</param>
    internal DriverSet(ManagedEngine engine, SlowPath slowPath, string? path, Action<string> log, int? workers)
    {
        var pipelines = new PipelinePool(engine);
        _sockets = new AfXdpInterfaces(engine, pipelines, slowPath, log);
        _packets = new AfPacketInterfaces(engine, pipelines, slowPath, log, workers);
        _silence = new Silence(path);
    }

    /// <summary>The interfaces; without a driver when one is gone.</summary>
    internal IReadOnlyList<AttachedInterface> Attached =>
    [
        .. Volatile.Read(ref _taken).Select(t => t.As with
        {
            Driver = Kernel.InterfaceIndex(t.As.Name) == t.Index ? t.As.Driver : null,
            IsZeroCopy = _sockets.IsZeroCopy(t.Index),
        }),
    ];

    /// <summary>What each worker has done.</summary>
    internal IReadOnlyList<WorkerStatus> Statuses => [.. Workers.Select(static w => new WorkerStatus(w.Name, w.Figures))];

    private IEnumerable<Worker> Workers => _sockets.Workers.Concat(_packets.Workers);

    /// <summary>Before tables with these VIPs come into force.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Follow(ForwardingTables tables)
    {
        _vips = [.. tables.Vips.Select(static v => v.Address)];
        // Before the first interface, what an earlier process told the kernel stays.
        if (_taken.Count > 0)
            SilenceKernel(_taken.Select(static t => t.As));
        try
        {
            foreach (var program in _sockets.Programs)
                Follow(program, tables);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the program that hands frames to sockets does not know the VIPs: {e.Message}", e);
        }
    }

    private void Follow(AfXdpInterface program, ForwardingTables tables)
    {
        program.Follow(_vips);
        if (tables.Interfaces.FirstOrDefault(i => i.Index == program.Index) is not { } own)
            return;
        Span<byte> mac = stackalloc byte[6];
        own.Mac.Write(mac);
        program.SetMac(mac);
    }

    /// <summary>Takes frames from these and no others. From those that are wanted as before, it goes on.</summary>
    /// <exception cref="EngineException">Names the interface and the cure; from those that are new, nothing is taken then.</exception>
    internal IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> wanted)
    {
        var indexes = wanted.ToDictionary(static i => i.Name, static i => Kernel.InterfaceIndex(i.Name) ?? throw new EngineException(
            $"there is no interface '{i.Name}' here: 'ip link' lists those there are; correct director.interfaces"));
        var stay = _taken.Where(t => wanted.Any(w => t.As.Name == w.Name && t.Index == indexes[w.Name] && (w.Driver == Driver.Auto || w.Driver == t.As.Driver))).ToArray();
        Leave(_taken.Except(stay));
        Know(stay);
        try
        {
            DirectorInterface[] added = [.. wanted.Where(w => stay.All(t => t.As.Name != w.Name))];
            Know([.. stay.Concat(Add(added, indexes)).OrderBy(t => wanted.TakeWhile(w => w.Name != t.As.Name).Count())]);
        }
        catch (NativeException e)
        {
            throw new EngineException($"interfaces cannot be opened: {e.Message}", e);
        }
        SilenceKernel(_taken.Select(static t => t.As));
        return Attached;
    }

    private IReadOnlyList<Taken> Add(IReadOnlyList<DirectorInterface> added, Dictionary<string, int> indexes)
    {
        var notes = new Dictionary<string, string>();
        var drivers = added.ToDictionary(static w => w.Name, static w => w.Driver == Driver.AfPacket ? Driver.AfPacket : Driver.AfXdp);
        int[] By(Driver driver) => [.. added.Where(w => drivers[w.Name] == driver).Select(w => indexes[w.Name])];
        while (!TryAfXdp([.. added.Where(w => drivers[w.Name] == Driver.AfXdp)], indexes, notes, out var refused))
        {
            // The others are tried again without it.
            if (refused!.Driver == Driver.AfXdp)
                throw new EngineException($"interface '{refused.Name}' cannot take AF_XDP: {notes[refused.Name]}. 'sidestep preflight {refused.Name}' says what would cure it; or set its driver to auto or af-packet");
            drivers[refused.Name] = Driver.AfPacket;
        }
        IReadOnlyList<Taken> taken =
        [
            .. added.Select(w => new Taken(indexes[w.Name], new AttachedInterface(w.Name, drivers[w.Name], notes.GetValueOrDefault(w.Name)))),
        ];
        try
        {
            SilenceKernel(_taken.Concat(taken).Select(static t => t.As));
            _packets.Add(By(Driver.AfPacket));
            return taken;
        }
        catch
        {
            _sockets.Remove(By(Driver.AfXdp));
            SilenceKernel(_taken.Select(static t => t.As));
            throw;
        }
    }

    /// <param name="wanted">By this driver, all of them.</param>
    /// <param name="indexes">By name.</param>
    /// <param name="notes">Gets what is to be known of each.</param>
    /// <param name="refused">The one that cannot.</param>
    private bool TryAfXdp(IReadOnlyList<DirectorInterface> wanted, Dictionary<string, int> indexes, Dictionary<string, string> notes, out DirectorInterface? refused)
    {
        refused = null;
        if (wanted.Count == 0)
            return true;
        try
        {
            foreach (var (index, note) in _sockets.Add([.. wanted.Select(w => indexes[w.Name])], _vips))
                notes[wanted.First(w => indexes[w.Name] == index).Name] = note;
            return true;
        }
        catch (InterfaceException e)
        {
            refused = wanted.First(w => indexes[w.Name] == e.Index);
            notes[refused.Name] = e.Message;
            return false;
        }
        catch (DllNotFoundException)
        {
            refused = wanted[0];
            notes[refused.Name] = "libbpf.so.1 is missing: apt-get install libbpf1";
            return false;
        }
    }

    private void Leave(IEnumerable<Taken> left)
    {
        int[] indexes = [.. left.Select(static t => t.Index)];
        if (indexes.Length == 0)
            return;
        _sockets.Remove(indexes);
        _packets.Remove(indexes);
    }

    private void Know(IReadOnlyList<Taken> taken)
    {
        Volatile.Write(ref _taken, taken);
        foreach (var ofCpu in Workers.GroupBy(static w => w.Cpu))
        {
            foreach (var worker in ofCpu)
                worker.SharesCpu = ofCpu.Count() > 1;
        }
    }

    /// <summary>Takes frames from nowhere, and lets the kernel have what it had.</summary>
    internal void Detach()
    {
        Leave(_taken);
        Know([]);
        SilenceKernel([]);
    }

    public void Dispose()
    {
        Detach();
        _silence.Dispose();
    }

    private void SilenceKernel(IEnumerable<AttachedInterface> attached)
    {
        var names = attached.Where(static a => a.Driver == Driver.AfPacket).Select(static a => a.Name).ToArray();
        _silence.Follow(names.Length > 0 ? _vips : [], names);
    }
}
