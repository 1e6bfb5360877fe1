using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The workers of an engine, and the interfaces that they take frames from. Interfaces come and go; the others' frames pass
/// meanwhile. One thread at a time.</summary>
internal sealed class DriverSet : IDisposable
{
    /// <summary>Workers of one driver and interface; more CPUs and queues are not used.</summary>
    internal const int MaxWorkers = 16;

    private readonly AfXdpInterfaces _sockets;
    private readonly AfPacketInterfaces _packets;
    private readonly BlackholeRoutes _blackholes;
    private IReadOnlyList<InterfaceAttachment> _attachments = [];
    private IReadOnlyList<IPNetwork> _vips = [];

    /// <summary>An interface that frames are taken from.</summary>
    private sealed record InterfaceAttachment(int Index, AttachedInterface Interface);

    /// <param name="engine">Decides.</param>
    /// <param name="punt">Sends in fragments.</param>
    /// <param name="path">What the name of a file begins with that outlives the process; null: nothing is written down.</param>
    /// <param name="log">Gets problems.</param>
    /// <param name="workers">Of an interface by packet sockets; null: one per CPU.</param>
    internal DriverSet(ManagedEngine engine, FragmentPunt punt, string? path, Action<string> log, int? workers)
    {
        var pipelines = new PipelinePool(engine);
        _sockets = new AfXdpInterfaces(engine, pipelines, punt, log);
        _packets = new AfPacketInterfaces(engine, pipelines, punt, log, workers);
        _blackholes = new BlackholeRoutes(path);
    }

    /// <summary>The interfaces; without a driver when one is gone.</summary>
    internal IReadOnlyList<AttachedInterface> Attached =>
    [
        .. Volatile.Read(ref _attachments).Select(t => t.Interface with
        {
            Driver = Kernel.InterfaceIndex(t.Interface.Name) == t.Index ? t.Interface.Driver : null,
            IsZeroCopy = _sockets.IsZeroCopy(t.Index),
        }),
    ];

    /// <summary>What each worker has done.</summary>
    internal IReadOnlyList<WorkerStatus> Statuses => [.. Workers.Select(static w => new WorkerStatus(w.Name, w.Figures))];

    private IEnumerable<Worker> Workers => _sockets.Workers.Concat(_packets.Workers);

    /// <summary>Before tables with these VIPs come into force.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Apply(ForwardingTables tables)
    {
        _vips = [.. tables.Vips.Select(static v => v.Address)];
        // Before the first interface, what an earlier process told the kernel stays.
        if (_attachments.Count > 0)
            InstallBlackholes(_attachments.Select(static t => t.Interface));
        try
        {
            foreach (var program in _sockets.Programs)
                Apply(program, tables);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the program that hands frames to sockets does not know the VIPs: {e.Message}", e);
        }
    }

    private void Apply(AfXdpInterface program, ForwardingTables tables)
    {
        program.SetVips(_vips);
        if (tables.Interfaces.FirstOrDefault(i => i.Index == program.Index) is not { } own)
            return;
        Span<byte> mac = stackalloc byte[6];
        own.Mac.Write(mac);
        program.SetMac(mac);
    }

    /// <summary>Takes frames from these and no others. From those that are wanted as before, it goes on.</summary>
    /// <exception cref="EngineException">Names the interface and the cure; from those that are new, nothing is taken then.</exception>
    internal IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> requested)
    {
        var indexes = requested.ToDictionary(static i => i.Name, static i => Kernel.InterfaceIndex(i.Name) ?? throw new EngineException(
            $"there is no interface '{i.Name}' here: 'ip link' lists those there are; correct director.interfaces"));
        var stay = _attachments.Where(t => requested.Any(w => t.Interface.Name == w.Name && t.Index == indexes[w.Name] && (w.Driver == Driver.Auto || w.Driver == t.Interface.Driver))).ToArray();
        RemoveInterfaces(_attachments.Except(stay));
        SetAttachments(stay);
        try
        {
            DirectorInterface[] added = [.. requested.Where(w => stay.All(t => t.Interface.Name != w.Name))];
            SetAttachments([.. stay.Concat(Add(added, indexes)).OrderBy(t => requested.TakeWhile(w => w.Name != t.Interface.Name).Count())]);
        }
        catch (NativeException e)
        {
            throw new EngineException($"interfaces cannot be opened: {e.Message}", e);
        }
        InstallBlackholes(_attachments.Select(static t => t.Interface));
        return Attached;
    }

    private IReadOnlyList<InterfaceAttachment> Add(IReadOnlyList<DirectorInterface> added, Dictionary<string, int> indexes)
    {
        var notes = new Dictionary<string, string>();
        var drivers = added.ToDictionary(static w => w.Name, static w => w.Driver == Driver.AfPacket ? Driver.AfPacket : Driver.AfXdp);
        int[] IndexesOf(Driver driver) => [.. added.Where(w => drivers[w.Name] == driver).Select(w => indexes[w.Name])];
        while (!TryAfXdp([.. added.Where(w => drivers[w.Name] == Driver.AfXdp)], indexes, notes, out var rejected))
        {
            // The others are tried again without it.
            if (rejected!.Driver == Driver.AfXdp)
                throw new EngineException($"interface '{rejected.Name}' cannot take AF_XDP: {notes[rejected.Name]}. 'sidestep preflight {rejected.Name}' says what would cure it; or set its driver to auto or af-packet");
            drivers[rejected.Name] = Driver.AfPacket;
        }
        IReadOnlyList<InterfaceAttachment> taken =
        [
            .. added.Select(w => new InterfaceAttachment(indexes[w.Name], new AttachedInterface(w.Name, drivers[w.Name], notes.GetValueOrDefault(w.Name)))),
        ];
        try
        {
            InstallBlackholes(_attachments.Concat(taken).Select(static t => t.Interface));
            _packets.Add(IndexesOf(Driver.AfPacket));
            return taken;
        }
        catch
        {
            _sockets.Remove(IndexesOf(Driver.AfXdp));
            InstallBlackholes(_attachments.Select(static t => t.Interface));
            throw;
        }
    }

    /// <param name="requested">By this driver, all of them.</param>
    /// <param name="indexes">By name.</param>
    /// <param name="notes">Gets what is to be known of each.</param>
    /// <param name="rejected">The one that cannot.</param>
    private bool TryAfXdp(IReadOnlyList<DirectorInterface> requested, Dictionary<string, int> indexes, Dictionary<string, string> notes, out DirectorInterface? rejected)
    {
        rejected = null;
        if (requested.Count == 0)
            return true;
        try
        {
            foreach (var (index, note) in _sockets.Add([.. requested.Select(w => indexes[w.Name])], _vips))
                notes[requested.First(w => indexes[w.Name] == index).Name] = note;
            return true;
        }
        catch (InterfaceException e)
        {
            rejected = requested.First(w => indexes[w.Name] == e.Index);
            notes[rejected.Name] = e.Message;
            return false;
        }
        catch (DllNotFoundException)
        {
            rejected = requested[0];
            notes[rejected.Name] = "libbpf.so.1 is missing: apt-get install libbpf1";
            return false;
        }
    }

    private void RemoveInterfaces(IEnumerable<InterfaceAttachment> removed)
    {
        int[] indexes = [.. removed.Select(static t => t.Index)];
        if (indexes.Length == 0)
            return;
        _sockets.Remove(indexes);
        _packets.Remove(indexes);
    }

    private void SetAttachments(IReadOnlyList<InterfaceAttachment> taken)
    {
        Volatile.Write(ref _attachments, taken);
        foreach (var ofCpu in Workers.GroupBy(static w => w.Cpu))
        {
            foreach (var worker in ofCpu)
                worker.SharesCpu = ofCpu.Count() > 1;
        }
    }

    /// <summary>Takes frames from nowhere, and lets the kernel have what it had.</summary>
    internal void Detach()
    {
        RemoveInterfaces(_attachments);
        SetAttachments([]);
        InstallBlackholes([]);
    }

    public void Dispose()
    {
        Detach();
        _blackholes.Dispose();
    }

    private void InstallBlackholes(IEnumerable<AttachedInterface> attached)
    {
        var names = attached.Where(static a => a.Driver == Driver.AfPacket).Select(static a => a.Name).ToArray();
        _blackholes.Apply(names.Length > 0 ? _vips : [], names);
    }
}
