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
    /// <exception cref="EngineException">An interface cannot be attached; those before it in the list are.</exception>
    internal IReadOnlyList<AttachedInterface> Reconcile(BpfProgram program, IReadOnlyList<DirectorInterface> wanted)
    {
        foreach (var gone in pins.LinkedInterfaces().Except(wanted.Select(static i => i.Name)).ToArray())
            Detach(gone);
        return [.. wanted.Select(i => Attach(program, i))];
    }

    /// <summary>Detaches everywhere.</summary>
    internal void DetachAll()
    {
        foreach (var name in pins.LinkedInterfaces().ToArray())
            Detach(name);
    }

    /// <summary>What is attached by pinned links, whoever pinned them.</summary>
    internal IReadOnlyList<AttachedInterface> Current() =>
    [
        .. pins.LinkedInterfaces().Select(name =>
        {
            using var link = XdpLink.OpenPinned(pins.LinkPath(name));
            return new AttachedInterface(name, link is null ? null : ModeOf(link), null);
        }),
    ];

    private AttachedInterface Attach(BpfProgram program, DirectorInterface wanted)
    {
        var index = Kernel.InterfaceIndex(wanted.Name) ?? throw new EngineException(
            $"there is no interface '{wanted.Name}' here: 'ip link' lists those there are; correct director.interfaces");
        using (var existing = XdpLink.OpenPinned(pins.LinkPath(wanted.Name)))
        {
            if (existing is not null && Replace(existing, program, index, wanted.Mode) is { } mode)
                return new AttachedInterface(wanted.Name, mode, null);
        }
        File.Delete(pins.LinkPath(wanted.Name));
        return Create(program, index, wanted);
    }

    /// <summary>Null when the link cannot serve: its interface was deleted, or it is attached in the other mode.</summary>
    private static AttachMode? Replace(XdpLink link, BpfProgram program, int index, DriverMode wanted)
    {
        if (link.InterfaceIndex != index || ModeOf(link) is not { } mode)
            return null;
        if (wanted != DriverMode.Auto && wanted == DriverMode.Native != (mode == AttachMode.Native))
        {
            link.Detach();
            return null;
        }
        link.Update(program);
        return mode;
    }

    private AttachedInterface Create(BpfProgram program, int index, DirectorInterface wanted)
    {
        string? whyNotNative = null;
        if (wanted.Mode != DriverMode.Generic)
        {
            try
            {
                return Pinned(XdpLink.Create(program, index, native: true), wanted.Name, AttachMode.Native, null);
            }
            catch (NativeException e) when (e.IsNotSupported)
            {
                if (wanted.Mode == DriverMode.Native)
                    throw new EngineException($"interface '{wanted.Name}' cannot take native XDP: {e.Message}. Its driver may lack it, or the MTU, "
                        + $"LRO or the queues stand in the way ('ethtool -i {wanted.Name}', 'ethtool -k {wanted.Name}'); or set its mode to auto or generic", e);
                whyNotNative = e.Message;
            }
            catch (NativeException e) when (e.IsBusy)
            {
                throw Occupied(wanted.Name, index, e);
            }
        }
        try
        {
            return Pinned(XdpLink.Create(program, index, native: false), wanted.Name, AttachMode.Generic, whyNotNative);
        }
        catch (NativeException e) when (e.IsBusy)
        {
            throw Occupied(wanted.Name, index, e);
        }
        catch (NativeException e)
        {
            throw new EngineException($"interface '{wanted.Name}' cannot take XDP at all: {e.Message}", e);
        }
    }

    private AttachedInterface Pinned(XdpLink link, string name, AttachMode mode, string? whyNotNative)
    {
        using (link)
            link.Pin(pins.LinkPath(name));
        return new AttachedInterface(name, mode, whyNotNative);
    }

    private void Detach(string interfaceName)
    {
        using (var link = XdpLink.OpenPinned(pins.LinkPath(interfaceName)))
        {
            if (link?.InterfaceIndex > 0)
                link.Detach();
        }
        File.Delete(pins.LinkPath(interfaceName));
    }

    private static AttachMode? ModeOf(XdpLink link)
    {
        if (link.InterfaceIndex == 0)
            return null;
        return XdpState.Of(link.InterfaceIndex).NativeProgramId == link.ProgramId ? AttachMode.Native : AttachMode.Generic;
    }

    private static EngineException Occupied(string name, int index, NativeException cause)
    {
        var state = XdpState.Of(index);
        var id = state.NativeProgramId != 0 ? state.NativeProgramId : state.GenericProgramId;
        using var other = id != 0 ? BpfProgram.OpenById(id) : null;
        var who = other is null ? "another XDP program" : string.Create(CultureInfo.InvariantCulture, $"the XDP program '{other.Name}' (id {id})");
        return new EngineException($"{who} is already attached to interface '{name}'. Stop what attached it, or detach it with "
            + $"'ip link set dev {name} xdp off' (or 'bpftool link detach' if it is held by a link); 'bpftool net show dev {name}' shows it", cause);
    }
}
