using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>What happened to a packet, and why, stage by stage.</summary>
/// <param name="Decision">What was decided.</param>
/// <param name="Reason">Why it was dropped; null unless it was.</param>
/// <param name="Stages">All six; those that it did not reach have no facts.</param>
public sealed record Explanation(Decision Decision, DropReason? Reason, ImmutableArray<ExplainedStage> Stages)
{
    /// <summary>Of the last frame of a pipeline.</summary>
    /// <param name="pipeline">It has just processed it.</param>
    /// <param name="tables">By these.</param>
    /// <param name="decision">With this outcome.</param>
    public static Explanation Of(PacketPipeline pipeline, PipelineTables tables, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(tables);
        var p = pipeline.LastPacket;
        var service = p.Service >= 0 ? tables.Services.FirstOrDefault(s => s.Id == p.Service) : null;
        var server = tables.Server(p.Server);
        return new Explanation(decision, decision == Decision.Drop ? p.Reason : null,
        [
            Parsed(p), Classified(p, tables, service, decision), Selected(p, tables, service, server), Encapsulated(p, server, decision),
            Transmitted(p, tables, decision), Accounted(p, service, server, decision),
        ]);
    }

    private static ExplainedStage Parsed(Packet p)
    {
        if (p.Protocol < 0 && p.Destination0 == 0 && p.Destination1 == 0)
            return new ExplainedStage("Parse", "not IP, or not even its addresses are there", []);
        IPAddress source = FlowTable.AddressOf(p.IsIpv6, p.Source0, p.Source1), destination = FlowTable.AddressOf(p.IsIpv6, p.Destination0, p.Destination1);
        var fields = new List<TraceField>
        {
            new("source", source.ToString()), new("destination", destination.ToString()), new("ipOffset", p.L3), new("datagramBytes", p.Length),
            new("trafficClass", (int)p.TrafficClass),
        };
        if (p.Protocol < 0)
            return new ExplainedStage("Parse", $"{source} > {destination}", [.. fields]);
        fields.Add(new("protocol", p.Protocol));
        var text = Text($"{VerdictText.OfProtocol(p.Protocol)}, {source} > {destination}");
        if (p.HasPorts && !p.IsLaterFragment)
        {
            fields.AddRange([new("sourcePort", p.SourcePort), new("destinationPort", p.DestinationPort)]);
            text = Text($"{VerdictText.OfProtocol(p.Protocol)}, {new IPEndPoint(source, p.SourcePort)} > {new IPEndPoint(destination, p.DestinationPort)}");
        }
        if (p.IsQuoted)
        {
            fields.Add(new("quotedByIcmpError", true));
            text = $"an ICMP error about the flow {text}";
        }
        if (p.IsFirstFragment || p.IsLaterFragment)
        {
            fields.Add(new("fragment", p.IsFirstFragment ? "first" : "later"));
            text += p.IsFirstFragment ? ", the first of several fragments" : ", a later fragment, which shows no ports";
        }
        return new ExplainedStage("Parse", text, [.. fields]);
    }

    private static ExplainedStage Classified(Packet p, PipelineTables tables, ServiceRecord? service, Decision decision)
    {
        if (p.Vip < 0)
            return new ExplainedStage("Classify", decision == Decision.Drop ? VerdictText.Of(p.Reason) : "the address is no VIP: the kernel's business", []);
        var vip = tables.Vips[p.Vip];
        var fields = new List<TraceField> { new("vip", Text(vip.Entry.Address)), new("intervals", vip.Intervals.Length) };
        if (service is not null)
        {
            fields.Add(new("service", service.Entry.Name));
            fields.Add(new("accessList", service.Entry.AccessList?.Name));
            return new ExplainedStage("Classify", $"VIP {Text(vip.Entry.Address)} -> service {service.Entry.Name}"
                + (service.Entry.AccessList is { } list ? $", access list {list.Name} {(p.Reason == DropReason.AccessDenied ? "denies" : "allows")} the source" : ""), [.. fields]);
        }
        var otherwise = decision switch
        {
            Decision.Pass => "not addressed to this interface, or no request that is answered: the kernel's business",
            Decision.DeliverLocally => "another director has sent it: delivered here",
            Decision.Drop => VerdictText.Of(p.Reason),
            _ => VerdictText.WithoutService(decision),
        };
        return new ExplainedStage("Classify", $"VIP {Text(vip.Entry.Address)}, {otherwise}", [.. fields]);
    }

    private static ExplainedStage Selected(Packet p, PipelineTables tables, ServiceRecord? service, ServerRecord? server)
    {
        if (service is null || (p.Slot < 0 && server is null))
            return new ExplainedStage("Select", p.Reason == DropReason.NoServer ? "the service has no usable server" : "", []);
        var fields = new List<TraceField> { new("pool", service.Entry.Group.Pool), new("algorithm", service.Entry.Algorithm.ToString()) };
        var text = "";
        if (p.Slot >= 0)
        {
            var current = tables.Server((int)(service.Slots[p.Slot] & ServiceRecord.ServerMask));
            var previous = service.PreviousServers is { } previousServers ? tables.Server((int)previousServers[p.Slot]) : null;
            fields.AddRange(
            [
                new("hashFields", p.IsEchoRequest ? nameof(HashFields.SourceAddress) : service.HashFields.ToString()),
                new("hash", p.Hash.ToString("x16", CultureInfo.InvariantCulture)),
                new("slot", p.Slot), new("slots", service.Slots.Length), new("slotServer", current?.Key.Name), new("previousServer", previous?.Key.Name),
            ]);
            text = Text($"hash {p.Hash:x16} -> slot {p.Slot} of {service.Slots.Length} ({current?.Key.Name ?? "nobody"}{(previous is null ? "" : $", previously {previous.Key.Name}")})");
        }
        fields.Add(new("flow", p.FlowLookup.ToString()));
        text += p.FlowLookup switch
        {
            FlowLookup.Skipped => "",
            FlowLookup.Miss => "; the flow is not tracked",
            FlowLookup.Hit => "; the flow is tracked",
            FlowLookup.Inserted => "; the flow is now tracked",
            _ => "a later fragment goes where its first one went",
        };
        if (server is null)
            return new ExplainedStage("Select", $"{text}; no server for it", [.. fields]);
        fields.AddRange([new("server", server.Key.Name), new("address", server.Key.Address.ToString())]);
        return new ExplainedStage("Select", $"{text} -> server {server.Key.Name} ({server.Key.Address})", [.. fields]);
    }

    private static ExplainedStage Encapsulated(Packet p, ServerRecord? server, Decision decision)
    {
        if (server is null || decision is not (Decision.Forward or Decision.Punted))
            return new ExplainedStage("Encapsulate", decision switch
            {
                Decision.IcmpTooBig => Text($"too big: {server?.InnerMtu} bytes fit, the sender is told"),
                Decision.TcpReset => "the server's drain is over: the client gets a reset",
                Decision.DeliverLocally when server is not null => "the server is this machine: as it came",
                Decision.Drop when server is not null => VerdictText.Of(p.Reason),
                _ => "",
            }, []);
        var encap = server.Encapsulation is { } encapsulation ? Text($"{encapsulation} in IPv{(server.IsOuterIpv6 ? 6 : 4)}").ToLowerInvariant() : "layer 2";
        return new ExplainedStage("Encapsulate", Text($"{encap}, {server.OuterBytes} bytes in front{(decision == Decision.Punted ? "; too big, sent in fragments" : "")}"),
        [
            new("encap", server.Key.Group.Encap.ToString()), new("outerBytes", server.OuterBytes), new("innerMtu", server.InnerMtu), new("mtu", server.Mtu),
        ]);
    }

    private static ExplainedStage Transmitted(Packet p, PipelineTables tables, Decision decision)
    {
        if (decision is Decision.Pass or Decision.Drop or Decision.DeliverLocally)
            return new ExplainedStage("Transmit", decision == Decision.Drop ? $"dropped: {CounterName.Of(p.Reason)}" : "left to the kernel", []);
        var name = tables.Origin.Interfaces.FirstOrDefault(i => i.Index == p.Egress)?.Name ?? Text($"{p.Egress}");
        return new ExplainedStage("Transmit", $"out by {name}", [new("interface", name)]);
    }

    private static ExplainedStage Accounted(Packet p, ServiceRecord? service, ServerRecord? server, Decision decision)
    {
        var fields = new List<TraceField> { new("bytes", p.FrameLength) };
        var text = decision switch
        {
            Decision.Pass => "not counted",
            Decision.Drop => $"drop {CounterName.Of(p.Reason)}",
            Decision.Forward => $"service {service?.Entry.Name}, server {server?.Key.Name}",
            Decision.DeliverLocally when server is not null => $"service {service?.Entry.Name}, server {server.Key.Name}",
            _ => CounterName.Of(decision),
        };
        fields.Add(new("counter", text));
        return new ExplainedStage("Account", Text($"{text}, {p.FrameLength} bytes"), [.. fields]);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Text(IPNetwork prefix) =>
        prefix.PrefixLength == prefix.BaseAddress.GetAddressBytes().Length * 8 ? prefix.BaseAddress.ToString() : prefix.ToString();
}

/// <summary>One of the stages.</summary>
/// <param name="Name">Parse, Classify, Select, Encapsulate, Transmit, Account.</param>
/// <param name="Text">For people; empty: the packet did not get here.</param>
/// <param name="Fields">For machines.</param>
public sealed record ExplainedStage(string Name, string Text, ImmutableArray<TraceField> Fields);

/// <summary>Something that was looked up, matched or computed.</summary>
/// <param name="Name">What.</param>
/// <param name="Value">A text, a number, or whether.</param>
public readonly record struct TraceField(string Name, object? Value);
