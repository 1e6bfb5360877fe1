using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The workers of an engine and their interfaces. While interfaces are added and removed, frames of the others
/// continue to flow. One thread at a time.</summary>
internal sealed class DriverSet : IDisposable
{
    /// <summary>The most workers per driver and interface; further CPUs are not used.</summary>
    internal const int MaxWorkers = 16;

    /// <summary>Instead of the index of an interface that does not exist now; the kernel's begin with 1.</summary>
    private const int Gone = 0;

    private readonly AfXdpInterfaces _sockets;
    private readonly AfPacketInterfaces _packets;
    private readonly BlackholeRoutes _blackholes;
    private IReadOnlyList<InterfaceAttachment> _attachments = [];
    private IReadOnlyList<string> _requested = [];
    private IReadOnlyList<IPNetwork> _vips = [];

    /// <summary>An attached interface and its index at that time.</summary>
    private sealed record InterfaceAttachment(int Index, AttachedInterface Interface);

    /// <param name="engine">The engine that decides about frames.</param>
    /// <param name="punt">Sends punted packets in fragments.</param>
    /// <param name="path">Prefix of the names of files that outlive the process; null: there are none.</param>
    /// <param name="log">Receives problems.</param>
    /// <param name="workers">Number of workers per interface with packet sockets; null: one per CPU.</param>
    internal DriverSet(ManagedEngine engine, FragmentPunt punt, string? path, Action<string> log, int? workers)
    {
        var pipelines = new PipelinePool(engine);
        _sockets = new AfXdpInterfaces(engine, pipelines, punt, log);
        _packets = new AfPacketInterfaces(engine, pipelines, punt, log, workers);
        _blackholes = new BlackholeRoutes(path);
    }

    /// <summary>The interfaces of the last <see cref="Attach"/>; one that is gone or detached has no driver.</summary>
    internal IReadOnlyList<AttachedInterface> Attached =>
    [
        .. _requested.Select(name => _attachments.FirstOrDefault(t => t.Interface.Name == name) is { } own
            && IsAttached(own)
                ? own.Interface with { IsZeroCopy = _sockets.IsZeroCopy(own.Index) }
                : new AttachedInterface(name, null, null) { IsDetached = Kernel.InterfaceIndex(name) is not null }),
    ];

    /// <inheritdoc cref="IEngine.IsAttached"/>
    internal bool IsComplete => _requested.All(name => Kernel.InterfaceIndex(name) is null
        || _attachments.Any(t => t.Interface.Name == name && IsAttached(t)));

    /// <summary>Name and counters of each worker.</summary>
    internal IReadOnlyList<(string Name, WorkerCounters Counters)> Statuses =>
        [.. Workers.Select(static w => (w.Name, w.Figures))];

    private IEnumerable<Worker> Workers => _sockets.Workers.Concat(_packets.Workers);

    /// <summary>Prepares the kernel for tables; called before they come into force.</summary>
    /// <exception cref="EngineException">The kernel returned an error.</exception>
    internal void Apply(ForwardingTables tables)
    {
        _vips = [.. tables.Vips.Select(static v => v.Address)];
        // Before the first interface is attached, the routes and rules of an earlier process stay.
        if (_attachments.Count > 0)
            InstallBlackholes(_attachments.Select(static t => t.Interface));
        try
        {
            foreach (var program in _sockets.Programs)
                Apply(program, tables);
        }
        catch (NativeException e)
        {
            throw new EngineException($"cannot write the VIPs into the AF_XDP program: {e.Message}", e);
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

    /// <summary>Attaches to these interfaces and to no others. Interfaces that were attached before with the same
    /// driver continue without a gap.</summary>
    /// <exception cref="EngineException">An interface cannot be attached; the message names it and the remedy. No new
    /// interface is attached then.</exception>
    internal IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> requested)
    {
        var indexes = requested.ToDictionary(
            static i => i.Name, i => Kernel.InterfaceIndex(i.Name) ?? (_requested.Contains(i.Name) ? Gone
                : throw new EngineException(
                    $"there is no interface '{i.Name}': 'ip link' lists the existing ones; correct node.interfaces")));
        _requested = [.. requested.Select(static i => i.Name)];
        bool Stays(InterfaceAttachment attachment, DirectorInterface desired) =>
            attachment.Interface.Name == desired.Name && (indexes[desired.Name] == Gone || IsAttached(attachment)
            && (desired.Driver == Driver.Auto || desired.Driver == attachment.Interface.Driver));
        var stay = _attachments.Where(t => requested.Any(w => Stays(t, w))).ToArray();
        RemoveInterfaces(_attachments.Except(stay));
        SetAttachments(stay);
        try
        {
            DirectorInterface[] added = [.. requested.Where(w =>
                indexes[w.Name] != Gone && stay.All(t => t.Interface.Name != w.Name))];
            SetAttachments(
            [
                .. stay.Concat(Add(added, indexes))
                    .OrderBy(t => requested.TakeWhile(w => w.Name != t.Interface.Name).Count()),
            ]);
        }
        catch (NativeException e)
        {
            throw new EngineException($"cannot open interfaces: {e.Message}", e);
        }
        InstallBlackholes(_attachments.Select(static t => t.Interface));
        return Attached;
    }

    private IReadOnlyList<InterfaceAttachment> Add(
        IReadOnlyList<DirectorInterface> added, Dictionary<string, int> indexes)
    {
        var notes = new Dictionary<string, string>();
        var drivers = added.ToDictionary(
            static w => w.Name, static w => w.Driver == Driver.AfPacket ? Driver.AfPacket : Driver.AfXdp);
        int[] IndexesOf(Driver driver) => [.. added.Where(w => drivers[w.Name] == driver).Select(w => indexes[w.Name])];
        while (!TryAfXdp([.. added.Where(w => drivers[w.Name] == Driver.AfXdp)], indexes, notes, out var rejected))
        {
            // Try the other interfaces again without the rejected one.
            if (rejected!.Driver == Driver.AfXdp)
            {
                throw new EngineException($"interface '{rejected.Name}' cannot use AF_XDP: {notes[rejected.Name]}."
                    + $" 'sidestep preflight {rejected.Name}' shows the remedy; or set driver to auto or af-packet");
            }
            drivers[rejected.Name] = Driver.AfPacket;
        }
        IReadOnlyList<InterfaceAttachment> taken =
        [
            .. added.Select(w => new InterfaceAttachment(
                indexes[w.Name], new AttachedInterface(w.Name, drivers[w.Name], notes.GetValueOrDefault(w.Name)))),
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

    /// <summary>Attaches all these interfaces by AF_XDP, or none of them.</summary>
    /// <param name="requested">The interfaces.</param>
    /// <param name="indexes">Indexes of interfaces by name.</param>
    /// <param name="notes">Receives why an interface falls back, by name.</param>
    /// <param name="rejected">The one that cannot.</param>
    private bool TryAfXdp(
        IReadOnlyList<DirectorInterface> requested, Dictionary<string, int> indexes, Dictionary<string, string> notes,
        out DirectorInterface? rejected)
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

    private bool IsAttached(InterfaceAttachment attachment) =>
        Kernel.InterfaceIndex(attachment.Interface.Name) == attachment.Index
        && (attachment.Interface.Driver == Driver.AfXdp ? _sockets.IsAttached(attachment.Index)
            : _packets.IsAttached(attachment.Index));

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

    /// <inheritdoc cref="BlackholeRoutes.Restore"/>
    internal IReadOnlyList<string> RestoreBlackholes() => _blackholes.Restore();

    /// <summary>Detaches from all interfaces and removes blackhole routes.</summary>
    internal void Detach()
    {
        RemoveInterfaces(_attachments);
        SetAttachments([]);
        _requested = [];
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
