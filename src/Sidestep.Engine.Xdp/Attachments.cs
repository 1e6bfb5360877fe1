using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Brings the program to the director's interfaces and keeps it there by pinned links.</summary>
internal sealed class Attachments(PinDirectory pins)
{
    /// <summary>Attaches to these interfaces and no others. Where a link exists, its program is replaced without a gap.</summary>
    /// <returns>How each is attached now.</returns>
    /// <exception cref="EngineException">An interface cannot be attached. Those before it in the list are, and none is detached
    /// that was attached before, save for one whose mode was to change.</exception>
    internal IReadOnlyList<AttachedInterface> Reconcile(BpfProgram program, IReadOnlyList<DirectorInterface> interfaces)
    {
        // The commonest mistake, a name, is found before anything changes.
        var indexes = interfaces.Select(static i => Kernel.InterfaceIndex(i.Name) ?? throw new EngineException(
            $"there is no interface '{i.Name}' here: 'ip link' lists those there are; correct director.interfaces")).ToArray();
        var attached = interfaces.Select((configured, n) => Attach(program, indexes[n], configured)).ToArray();
        foreach (var (name, mode) in pins.Links())
        {
            if (!interfaces.Any(i => i.Name == name))
                Detach(name, mode);
        }
        return attached;
    }

    /// <summary>Puts another program in the place of what is attached, without a gap, and attaches nothing new.</summary>
    internal void Replace(BpfProgram program)
    {
        foreach (var (name, mode) in pins.Links())
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(name, mode));
            if (link?.InterfaceIndex > 0)
                link.Update(program);
        }
    }

    /// <summary>Detaches everywhere.</summary>
    internal void DetachAll()
    {
        foreach (var (name, mode) in pins.Links())
            Detach(name, mode);
    }

    /// <summary>What is attached by pinned links, whoever pinned them.</summary>
    internal IReadOnlyList<AttachedInterface> Current() =>
    [
        .. pins.Links().Select(pinned =>
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(pinned.Interface, pinned.Mode));
            return new AttachedInterface(pinned.Interface, link?.InterfaceIndex > 0 ? pinned.Mode : null, null);
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
                return new AttachedInterface(configured.Name, mode, configured.Driver == Driver.Auto && mode == Driver.Generic
                    ? "it was found so, and changing it would interrupt traffic; driver: native tries" : null);
            }
            // Its interface was deleted and another has the name now; or its mode is to change, and the kernel has no room for both.
            Detach(configured.Name, mode);
        }
        return Create(program, index, configured);
    }

    private static bool Matches(Driver mode, Driver configured) =>
        configured == Driver.Auto || configured == Driver.Native == (mode == Driver.Native);

    private AttachedInterface Create(BpfProgram program, int index, DirectorInterface configured)
    {
        string? whyNotNative = null;
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
                // Drivers refuse by many numbers: not supported, MTU out of range, no queue left, no memory for rings.
                if (configured.Driver == Driver.Native)
                    throw new EngineException($"interface '{configured.Name}' cannot take native XDP: {e.Message}. Its driver may lack it, or the MTU, "
                        + $"LRO or the queues stand in the way ('ethtool -i {configured.Name}', 'ethtool -k {configured.Name}', 'dmesg'); or set its driver to auto or generic", e);
                whyNotNative = $"native mode was refused ({e.Message})";
            }
        }
        try
        {
            return Pinned(XdpLink.Create(program, index, native: false), configured.Name, Driver.Generic, whyNotNative);
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

    private AttachedInterface Pinned(XdpLink link, string name, Driver mode, string? whyNotNative)
    {
        using (link)
            link.Pin(pins.LinkPath(name, mode));
        return new AttachedInterface(name, mode, whyNotNative);
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
        return new EngineException($"{Occupant(state)} is already attached to interface '{name}'. Stop what attached it, or detach it with "
            + $"'ip link set dev {name} {off}' (or 'bpftool link detach' if it is held by a link); 'bpftool net show dev {name}' shows it", cause);
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
            // Only CAP_SYS_ADMIN may look at the programs of others.
            return string.Create(CultureInfo.InvariantCulture, $"another XDP program (id {id})");
        }
    }
}
