using System.Net;
using Sidestep.Agent.Decapsulation;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.State;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Makes this host a fit real server: what the options say becomes all there is, whatever an earlier run left.</summary>
internal sealed class ApplyAction(Action<string> say)
{
    public Verification Run(Request request)
    {
        using var socket = NetlinkSocket.Open();
        var host = ServerFacts.Read(socket);
        var problems = new List<Problem>();
        Surroundings.Check(changes: true, bpf: request.Decapsulate is not null, problems);
        var wish = WishReader.Read(request, host, beforeChange: true, problems);
        if (wish?.Encapsulation is not null)
            problems.AddRange(wish.Interfaces.Select(i => AttachedFilter.Find(socket, i)).Where(static f => f.IsTaken).Select(Taken));
        if (wish is null || problems.Count > 0)
            throw new ProblemsException(problems);
        SayInterfaces(request, wish, host);

        using var store = StateStore.OpenToChange(request.StateDirectory);
        // Whatever held the lock may have changed what was read before.
        host = ServerFacts.Read(socket);
        var earlier = store.Load();
        if (store.FoundStale)
            say("an old state file is ignored: it is of a network namespace that is gone");
        // Loaded first: if the kernel refuses the program, nothing has been changed.
        var ours = AttachedFilter.FindOurs(socket, host.Interfaces);
        using var program = wish.Encapsulation is null ? null : LoadProgram(ours);
        var state = Changes.Merge(earlier ?? store.Empty(), wish, host, socket);
        store.Save(state);

        MakeSettings(wish, host);
        AddAddresses(wish, host, socket);
        if (program is not null)
            Decapsulate(program, wish, host.OuterDestinations(wish.Interfaces, state.AllVips), ours);
        store.Save(DropTheRest(state, wish, ServerFacts.Read(socket), socket, ours));
        // A VIP of an earlier run that the operator had on lo before has become an address like any other.
        program?.Maps.Write(DecapsulationMaps.AddressesName, ServerFacts.Read(socket).OuterDestinations(wish.Interfaces, wish.Vips));
        return Verifier.Check(wish, ServerFacts.Read(socket), socket);
    }

    private static Problem Taken(AttachedFilter found) => new("--interface", found.Interface.Name,
        $"has another's filter where the agent's goes: {found.Filter!.Kind} {found.Filter.Name} at pref {found.Filter.Place.Priority} handle 0x{found.Filter.Place.Handle:x}",
        $"Move that filter to another priority, or remove it: tc filter del dev {found.Interface.Name} ingress pref {found.Filter.Place.Priority}");

    private void SayInterfaces(Request request, Wish wish, ServerFacts host)
    {
        foreach (var item in wish.Interfaces)
        {
            var why = request.Interfaces.Count > 0 ? "named"
                : host.WithDefaultRoute.Contains(item.Index) ? "chosen, because the default route leaves by it"
                : "chosen, because it is up and there is no default route";
            say($"interface {item.Name}: {why}");
        }
    }

    private static DecapsulationProgram LoadProgram(IReadOnlyList<AttachedFilter> ours)
    {
        foreach (var attached in ours)
        {
            using var program = BpfProgram.OpenById(attached.Filter!.ProgramId);
            using var maps = DecapsulationMaps.Of(program);
            if (maps is not null)
                return DecapsulationProgram.Load(maps);
        }
        return DecapsulationProgram.Load(null);
    }

    /// <summary>Before the addresses: a VIP that the server answers ARP for, even once, is cached by its neighbours.</summary>
    private void MakeSettings(Wish wish, ServerFacts host)
    {
        foreach (var (setting, _, value) in SysctlWish.For(wish.Interfaces))
        {
            var found = setting.Read();
            if (!Changes.IsNeeded(setting.Key, found, value, Changes.VipsHaveScopeHost(wish.Vips, host)))
                continue;
            setting.Write(value);
            say($"{setting.Name}: {found} -> {value}");
        }
    }

    /// <summary>Scope host keeps the VIP out of source address selection: the server's own connections, which would be
    /// answered to the director, never begin with it, while replies to the VIP carry it all the same.</summary>
    private void AddAddresses(Wish wish, ServerFacts host, NetlinkSocket socket)
    {
        foreach (var vip in wish.Vips.Where(v => host.OnLoopback(v) is null))
        {
            InterfaceAddresses.Add(socket, new InterfaceAddress(host.Loopback, vip, 32, AddressScope.Host));
            say($"{vip}: added to lo as /32, scope host");
        }
    }

    private void Decapsulate(DecapsulationProgram program, Wish wish, IReadOnlyList<IPAddress> addresses, IReadOnlyList<AttachedFilter> ours)
    {
        program.Maps.Write(DecapsulationMaps.AddressesName, addresses);
        program.Maps.Write(DecapsulationMaps.VipsName, wish.Vips);
        program.Maps.Write(DecapsulationMaps.DirectorsName, wish.Directors);
        foreach (var item in wish.Interfaces)
        {
            var attached = ours.FirstOrDefault(f => f.Interface.Index == item.Index);
            if (attached is not null)
            {
                using var present = BpfProgram.OpenById(attached.Filter!.ProgramId);
                if (program.IsSameAs(present))
                    continue;
            }
            else
            {
                TcIngress.EnsureQdisc(item.Index);
            }
            program.Attach(item.Index, replace: attached is not null);
            say($"{item.Name}: decapsulation filter {(attached is null ? "attached" : "replaced")}");
        }
    }

    /// <summary>Takes back what an earlier run made and this one does not name, then forgets it.</summary>
    private AgentState DropTheRest(AgentState state, Wish wish, ServerFacts host, NetlinkSocket socket, IReadOnlyList<AttachedFilter> ours)
    {
        var undo = new Undo(socket, host, say);
        bool Filtered(int index) => wish.Encapsulation is not null && wish.Interfaces.Any(i => i.Index == index);
        bool Named(int index) => index == 0 || wish.Interfaces.Any(i => i.Index == index);
        bool Kept(AddressRecord a) => wish.Vips.Any(v => v.ToString() == a.Vip);

        foreach (var attached in ours.Where(f => !Filtered(f.Interface.Index)))
            undo.Filter(attached);
        foreach (var qdisc in state.Qdiscs.Where(q => !Filtered(q.InterfaceIndex)))
            undo.Qdisc(qdisc);
        foreach (var address in state.Addresses.Where(a => !Kept(a)))
            undo.Address(address);
        foreach (var setting in state.Sysctls.Where(s => !Named(s.InterfaceIndex)))
            undo.Setting(setting);
        return state with
        {
            Qdiscs = [.. state.Qdiscs.Where(q => Filtered(q.InterfaceIndex))],
            Addresses = [.. state.Addresses.Where(Kept)],
            Sysctls = [.. state.Sysctls.Where(s => Named(s.InterfaceIndex))],
        };
    }
}
