using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Running;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The workers of an engine, and the interfaces that they take frames from. One thread at a time.</summary>
internal sealed class DriverSet(ManagedEngine engine, SlowPath slowPath, string? path, Action<string> log, int? workers) : IDisposable
{
    /// <summary>Workers of one driver; more CPUs are not used.</summary>
    internal const int MostWorkers = 16;

    private readonly List<Worker> _workers = [];
    private readonly List<AfXdpInterface> _programs = [];
    private readonly Silence _silence = new(path);
    private IReadOnlyList<AttachedInterface> _attached = [];
    private Dictionary<string, int> _indexes = [];
    private IReadOnlyList<IPNetwork> _vips = [];

    /// <summary>The interfaces; without a driver when one is gone.</summary>
    internal IReadOnlyList<AttachedInterface> Attached =>
        [.. Volatile.Read(ref _attached).Select(a => Kernel.InterfaceIndex(a.Name) == _indexes.GetValueOrDefault(a.Name) ? a : a with { Driver = null })];

    /// <summary>What each worker has done.</summary>
    internal IReadOnlyList<WorkerFigures> Figures => [.. _workers.Select(static w => w.Figures)];

    /// <summary>The same for people who ask.</summary>
    internal IReadOnlyList<WorkerStatus> Statuses =>
        [.. _workers.Select(static w => (w.Name, w.Figures)).Select(static w => new WorkerStatus(w.Name, w.Figures.Frames, w.Figures.Sent, w.Figures.LostReceived, w.Figures.LostSent))];

    /// <summary>Before tables with these VIPs come into force.</summary>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    internal void Follow(ForwardingTables tables)
    {
        _vips = [.. tables.Vips.Select(static v => v.Address)];
        // Before the first interface, what an earlier process told the kernel stays.
        if (_attached.Count > 0)
            SilenceKernel(_attached);
        try
        {
            foreach (var program in _programs)
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

    /// <summary>Takes frames from these and no others. When they are others than before, all workers begin anew: frames of some
    /// milliseconds are lost.</summary>
    /// <exception cref="EngineException">Names the interface and the cure; nothing is attached then.</exception>
    internal IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> wanted)
    {
        var indexes = wanted.ToDictionary(static i => i.Name, static i => Kernel.InterfaceIndex(i.Name) ?? throw new EngineException(
            $"there is no interface '{i.Name}' here: 'ip link' lists those there are; correct director.interfaces"));
        if (_workers.Count > 0 && indexes.Count == _indexes.Count && !indexes.Except(_indexes).Any()
            && wanted.All(w => _attached.Any(a => a.Name == w.Name && (w.Driver == Driver.Auto || w.Driver == a.Driver))))
            return _attached;
        Close();
        try
        {
            var attached = OpenAll(wanted, indexes);
            foreach (var worker in _workers)
                worker.Start();
            _indexes = indexes;
            Volatile.Write(ref _attached, attached);
            return attached;
        }
        catch (NativeException e)
        {
            Detach();
            throw new EngineException($"interfaces cannot be opened: {e.Message}", e);
        }
        catch
        {
            Detach();
            throw;
        }
    }

    private IReadOnlyList<AttachedInterface> OpenAll(IReadOnlyList<DirectorInterface> wanted, Dictionary<string, int> indexes)
    {
        var notes = new Dictionary<string, string>();
        var drivers = wanted.ToDictionary(static w => w.Name, static w => w.Driver == Driver.AfPacket ? Driver.AfPacket : Driver.AfXdp);
        while (!TryAfXdp([.. wanted.Where(w => drivers[w.Name] == Driver.AfXdp)], indexes, notes, out var refused))
        {
            // The others are tried again without it.
            if (refused!.Driver == Driver.AfXdp)
                throw new EngineException($"interface '{refused.Name}' cannot take AF_XDP: {notes[refused.Name]}. 'sidestep preflight {refused.Name}' says what would cure it; or set its driver to auto or af-packet");
            drivers[refused.Name] = Driver.AfPacket;
        }
        IReadOnlyList<AttachedInterface> attached = [.. wanted.Select(w => new AttachedInterface(w.Name, drivers[w.Name], notes.GetValueOrDefault(w.Name))
        {
            IsZeroCopy = _programs.FirstOrDefault(p => p.Index == indexes[w.Name])?.IsZeroCopy,
        })];
        SilenceKernel(attached);
        int[] packet = [.. wanted.Where(w => drivers[w.Name] == Driver.AfPacket).Select(w => indexes[w.Name])];
        if (packet.Length > 0)
            _workers.AddRange(AfPacketInterfaces.Open(engine, slowPath, log, packet, workers, _workers.Count));
        return attached;
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
            using (var netlink = NetlinkSocket.Open())
            {
                var known = Interfaces.List(netlink).ToDictionary(static i => i.Index);
                foreach (var one in wanted)
                    _programs.Add(AfXdpInterfaces.Guard(indexes[one.Name], () => new AfXdpInterface(indexes[one.Name], known[indexes[one.Name]].Address.Span)));
            }
            _workers.AddRange(AfXdpInterfaces.Open(engine, slowPath, log, _programs));
            foreach (var (program, one) in _programs.Zip(wanted))
            {
                program.Follow(_vips);
                if (AfXdpInterfaces.Guard(program.Index, program.Attach) is { } note)
                    notes[one.Name] = note;
            }
            return true;
        }
        catch (InterfaceException e)
        {
            refused = wanted.First(w => indexes[w.Name] == e.Index);
            notes[refused.Name] = e.Message;
            Close();
            return false;
        }
        catch (DllNotFoundException)
        {
            refused = wanted[0];
            notes[refused.Name] = "libbpf.so.1 is missing: apt-get install libbpf1";
            Close();
            return false;
        }
    }

    /// <summary>Takes frames from nowhere, and lets the kernel have what it had.</summary>
    internal void Detach()
    {
        Close();
        Volatile.Write(ref _attached, []);
        SilenceKernel([]);
    }

    private void Close()
    {
        // The program first: what has no socket any more is the kernel's.
        foreach (var program in _programs)
            program.Dispose();
        foreach (var worker in _workers)
            worker.Dispose();
        _programs.Clear();
        _workers.Clear();
    }

    public void Dispose()
    {
        Detach();
        _silence.Dispose();
    }

    private void SilenceKernel(IReadOnlyList<AttachedInterface> attached)
    {
        var names = attached.Where(static a => a.Driver == Driver.AfPacket).Select(static a => a.Name).ToArray();
        _silence.Follow(names.Length > 0 ? _vips : [], names);
    }
}
