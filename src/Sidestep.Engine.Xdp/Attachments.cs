using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Attaches the program to the director's interfaces by pinned links, which keep it attached.</summary>
internal sealed class Attachments(PinDirectory pins)
{
    /// <summary>Attaches to exactly these interfaces. Where a link exists, its program is replaced without a
    /// gap.</summary>
    /// <returns>How each interface is attached now.</returns>
    /// <exception cref="EngineException">An interface cannot be attached. The interfaces before it in the list are
    /// attached by then. No interface was detached, except one whose mode has to change.</exception>
    internal IReadOnlyList<AttachedInterface> Reconcile(BpfProgram program, IReadOnlyList<DirectorInterface> interfaces)
    {
        var pinned = pins.Links().Select(static l => l.Interface).ToHashSet();
        // A wrong name is the most common mistake: it is found before anything changes. An interface with a link was
        // there before.
        int? IndexOf(DirectorInterface i) => Kernel.InterfaceIndex(i.Name)
            ?? (pinned.Contains(i.Name) ? null : throw new EngineException(
                $"there is no interface '{i.Name}': 'ip link' lists the interfaces; correct node.interfaces"));
        var indexes = interfaces.Select(IndexOf).ToArray();
        var attached = interfaces.Select((configured, n) => indexes[n] is { } index
            ? Attach(program, index, configured) : new AttachedInterface(configured.Name, null, null)).ToArray();
        foreach (var (name, mode) in pins.Links())
        {
            if (!interfaces.Any(i => i.Name == name))
                Detach(name, mode);
        }
        return attached;
    }

    /// <summary>Replaces the program of every existing link, without a gap; attaches to no new interface.</summary>
    internal void Replace(BpfProgram program)
    {
        foreach (var (name, mode) in pins.Links())
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(name, mode));
            if (link?.InterfaceIndex > 0)
                link.Update(program);
        }
    }

    /// <summary>True if each of these interfaces that exists has a link of its own. The link of a deleted interface has
    /// none any more, and another interface may have its name and its index.</summary>
    internal bool AreComplete(IReadOnlyCollection<string> interfaces)
    {
        var links = pins.Links().ToLookup(static l => l.Interface);
        return interfaces.All(name => Kernel.InterfaceIndex(name) is not { } index || links[name].Any(pinned =>
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(pinned.Interface, pinned.Mode));
            return link?.InterfaceIndex == index;
        }));
    }

    /// <summary>Detaches from every interface.</summary>
    internal void DetachAll()
    {
        foreach (var (name, mode) in pins.Links())
            Detach(name, mode);
    }

    /// <summary>The interfaces with a pinned link, whichever process pinned it.</summary>
    internal IReadOnlyList<AttachedInterface> Current() =>
    [
        .. pins.Links().Select(pinned =>
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(pinned.Interface, pinned.Mode));
            return link?.InterfaceIndex > 0 ? new AttachedInterface(pinned.Interface, pinned.Mode, null)
                : new AttachedInterface(pinned.Interface, null, null)
                {
                    IsDetached = Kernel.InterfaceIndex(pinned.Interface) is not null,
                };
        }),
    ];

    private AttachedInterface Attach(BpfProgram program, int index, DirectorInterface configured)
    {
        foreach (var (_, mode) in pins.Links().Where(l => l.Interface == configured.Name))
        {
            using var existing = XdpLink.OpenPinned(pins.LinkPath(configured.Name, mode));
            if (existing?.InterfaceIndex == index && Matches(mode, configured.Driver))
            {
                existing.Update(program);
                var mayBeNative = configured.Driver == Driver.Auto && mode == Driver.Generic;
                return new AttachedInterface(configured.Name, mode, mayBeNative
                    ? "attached in this mode already; changing it would interrupt traffic. 'driver: native' changes it"
                    : null);
            }
            // The interface was deleted and another one has its name now. Or the mode has to change, and an interface
            // has only one XDP program. The pin stays until there is another one: it shows that the interface belongs
            // to this director.
            if (existing?.InterfaceIndex > 0)
                existing.Detach();
        }
        var attached = Create(program, index, configured);
        foreach (var (_, mode) in pins.Links().Where(l => l.Interface == configured.Name && l.Mode != attached.Driver))
            File.Delete(pins.LinkPath(configured.Name, mode));
        return attached;
    }

    private static bool Matches(Driver mode, Driver configured) =>
        configured == Driver.Auto || configured == Driver.Native == (mode == Driver.Native);

    private AttachedInterface Create(BpfProgram program, int index, DirectorInterface configured)
    {
        string? nativeError = null;
        if (configured.Driver != Driver.Generic)
        {
            try
            {
                return Pinned(XdpLink.Create(program, index, native: true), configured.Name, Driver.Native, null);
            }
            catch (NativeException e) when (e.IsBusy)
            {
                throw Occupied(configured.Name, index, e);
            }
            catch (NativeException e)
            {
                // Drivers reject it with many error numbers: not supported, MTU out of range, no free queue, no memory
                // for rings.
                if (configured.Driver == Driver.Native)
                    throw new EngineException(
                        $"interface '{configured.Name}' cannot take native XDP: {e.Message}. Its driver may not "
                        + "support it, or the MTU, LRO or the queues prevent it "
                        + $"('ethtool -i {configured.Name}', 'ethtool -k {configured.Name}', 'dmesg'); "
                        + "or set its driver to auto or generic", e);
                nativeError = $"native mode was refused ({e.Message})";
            }
        }
        try
        {
            return Pinned(XdpLink.Create(program, index, native: false), configured.Name, Driver.Generic, nativeError);
        }
        catch (NativeException e) when (e.IsBusy)
        {
            throw Occupied(configured.Name, index, e);
        }
        catch (NativeException e)
        {
            throw new EngineException($"interface '{configured.Name}' cannot take XDP at all: {e.Message}", e);
        }
    }

    private AttachedInterface Pinned(XdpLink link, string name, Driver mode, string? nativeError)
    {
        using (link)
            link.Pin(pins.LinkPath(name, mode));
        return new AttachedInterface(name, mode, nativeError);
    }

    private void Detach(string interfaceName, Driver mode)
    {
        var path = pins.LinkPath(interfaceName, mode);
        using (var link = XdpLink.OpenPinned(path))
        {
            if (link?.InterfaceIndex > 0)
                link.Detach();
        }
        File.Delete(path);
    }

    private static EngineException Occupied(string name, int index, NativeException cause)
    {
        var state = XdpState.Of(index);
        var off = state.NativeProgramId != 0 ? "xdpdrv off" : "xdpgeneric off";
        return new EngineException(
            $"{Occupant(state)} is already attached to interface '{name}'. Stop the program that attached it, or "
            + $"detach it with 'ip link set dev {name} {off}' (or 'bpftool link detach' if a link holds it); "
            + $"'bpftool net show dev {name}' shows it", cause);
    }

    private static string Occupant(XdpState state)
    {
        var id = state.NativeProgramId != 0 ? state.NativeProgramId : state.GenericProgramId;
        try
        {
            using var other = BpfProgram.OpenById(id);
            return string.Create(CultureInfo.InvariantCulture, $"the XDP program '{other.Name}' (id {id})");
        }
        catch (NativeException)
        {
            // Opening the program of another process needs CAP_SYS_ADMIN.
            return string.Create(CultureInfo.InvariantCulture, $"another XDP program (id {id})");
        }
    }
}
