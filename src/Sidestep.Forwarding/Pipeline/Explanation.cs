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
        var p = pipeline.Found;
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
        var facts = new List<Fact>
        {
            new("source", source.ToString()), new("destination", destination.ToString()), new("ipOffset", p.L3), new("datagramBytes", p.Length),
            new("trafficClass", (int)p.TrafficClass),
        };
        if (p.Protocol < 0)
            return new ExplainedStage("Parse", $"{source} > {destination}", [.. facts]);
        facts.Add(new("protocol", p.Protocol));
        var text = Text($"{OutcomeWords.OfProtocol(p.Protocol)}, {source} > {destination}");
        if (p.HasPorts && !p.IsLater)
        {
            facts.AddRange([new("sourcePort", p.SourcePort), new("destinationPort", p.DestinationPort)]);
            text = Text($"{OutcomeWords.OfProtocol(p.Protocol)}, {new IPEndPoint(source, p.SourcePort)} > {new IPEndPoint(destination, p.DestinationPort)}");
        }
        if (p.IsQuoted)
        {
            facts.Add(new("quotedByIcmpError", true));
            text = $"an ICMP error about the flow {text}";
        }
        if (p.IsFirst || p.IsLater)
        {
            facts.Add(new("fragment", p.IsFirst ? "first" : "later"));
            text += p.IsFirst ? ", the first of several fragments" : ", a later fragment, which shows no ports";
        }
        return new ExplainedStage("Parse", text, [.. facts]);
    }

    private static ExplainedStage Classified(Packet p, PipelineTables tables, ServiceRecord? service, Decision decision)
    {
        if (p.Vip < 0)
            return new ExplainedStage("Classify", decision == Decision.Drop ? OutcomeWords.Of(p.Reason) : "the address is no VIP: the kernel's business", []);
        var vip = tables.Vips[p.Vip];
        var facts = new List<Fact> { new("vip", Text(vip.Entry.Address)), new("intervals", vip.Intervals.Length) };
        if (service is not null)
        {
            facts.Add(new("service", service.Entry.Name));
            facts.Add(new("accessList", service.Entry.AccessList?.Name));
            return new ExplainedStage("Classify", $"VIP {Text(vip.Entry.Address)} -> service {service.Entry.Name}"
                + (service.Entry.AccessList is { } list ? $", access list {list.Name} {(p.Reason == DropReason.AccessDenied ? "denies" : "allows")} the source" : ""), [.. facts]);
        }
        var otherwise = decision switch
        {
            Decision.Pass => "not addressed to this interface, or no request that is answered: the kernel's business",
            Decision.DeliverLocally => "another director has sent it: delivered here",
            Decision.Drop => OutcomeWords.Of(p.Reason),
            _ => OutcomeWords.WithoutService(decision),
        };
        return new ExplainedStage("Classify", $"VIP {Text(vip.Entry.Address)}, {otherwise}", [.. facts]);
    }

    private static ExplainedStage Selected(Packet p, PipelineTables tables, ServiceRecord? service, ServerRecord? server)
    {
        if (service is null || (p.Slot < 0 && server is null))
            return new ExplainedStage("Select", p.Reason == DropReason.NoServer ? "the service has no usable server" : "", []);
        var facts = new List<Fact> { new("pool", service.Entry.Group.Pool), new("algorithm", service.Entry.Algorithm.ToString()) };
        var text = "";
        if (p.Slot >= 0)
        {
            var current = tables.Server((int)(service.Slots[p.Slot] & ServiceRecord.ServerMask));
            var former = service.Former is { } formers ? tables.Server((int)formers[p.Slot]) : null;
            facts.AddRange(
            [
                new("hashFields", p.IsEchoRequest ? nameof(HashFields.SourceAddress) : service.HashFields.ToString()),
                new("hash", p.Hash.ToString("x16", CultureInfo.InvariantCulture)),
                new("slot", p.Slot), new("slots", service.Slots.Length), new("slotServer", current?.Key.Name), new("formerServer", former?.Key.Name),
            ]);
            text = Text($"hash {p.Hash:x16} -> slot {p.Slot} of {service.Slots.Length} ({current?.Key.Name ?? "nobody"}{(former is null ? "" : $", formerly {former.Key.Name}")})");
        }
        facts.Add(new("flow", p.Remembered.ToString()));
        text += p.Remembered switch
        {
            Memory.NotAsked => "",
            Memory.Unknown => "; the flow is not remembered",
            Memory.Known => "; the flow is remembered",
            Memory.Begun => "; the flow was not remembered, and is now",
            _ => "a later fragment goes where its first one went",
        };
        if (server is null)
            return new ExplainedStage("Select", $"{text}; nobody takes it", [.. facts]);
        facts.AddRange([new("server", server.Key.Name), new("address", server.Key.Address.ToString())]);
        return new ExplainedStage("Select", $"{text} -> server {server.Key.Name} ({server.Key.Address})", [.. facts]);
    }

    private static ExplainedStage Encapsulated(Packet p, ServerRecord? server, Decision decision)
    {
        if (server is null || decision is not (Decision.Forward or Decision.Fragmented))
            return new ExplainedStage("Encapsulate", decision switch
            {
                Decision.AnswerTooBig => Text($"too big: {server?.Room} bytes fit, the sender is told"),
                Decision.AnswerReset => "the server's drain is over: the client gets a reset",
                Decision.DeliverLocally when server is not null => "the server is this machine: as it came",
                Decision.Drop when server is not null => OutcomeWords.Of(p.Reason),
                _ => "",
            }, []);
        var way = server.Encapsulation is { } encapsulation ? Text($"{encapsulation} in IPv{(server.IsOuterIpv6 ? 6 : 4)}").ToLowerInvariant() : "layer 2";
        return new ExplainedStage("Encapsulate", Text($"{way}, {server.OuterBytes} bytes in front{(decision == Decision.Fragmented ? "; too big, sent in fragments" : "")}"),
        [
            new("way", server.Key.Group.Way.ToString()), new("outerBytes", server.OuterBytes), new("room", server.Room), new("mtu", server.Mtu),
        ]);
    }

    private static ExplainedStage Transmitted(Packet p, PipelineTables tables, Decision decision)
    {
        if (decision is Decision.Pass or Decision.Drop or Decision.DeliverLocally)
            return new ExplainedStage("Transmit", decision == Decision.Drop ? $"dropped: {Kebab.Of(p.Reason)}" : "left to the kernel", []);
        var name = tables.Origin.Interfaces.FirstOrDefault(i => i.Index == p.Egress)?.Name ?? Text($"{p.Egress}");
        return new ExplainedStage("Transmit", $"out by {name}", [new("interface", name)]);
    }

    private static ExplainedStage Accounted(Packet p, ServiceRecord? service, ServerRecord? server, Decision decision)
    {
        var facts = new List<Fact> { new("bytes", p.FrameLength) };
        var text = decision switch
        {
            Decision.Pass => "not counted",
            Decision.Drop => $"drop {Kebab.Of(p.Reason)}",
            Decision.Forward => $"service {service?.Entry.Name}, server {server?.Key.Name}",
            Decision.DeliverLocally when server is not null => $"service {service?.Entry.Name}, server {server.Key.Name}",
            _ => Kebab.Of(decision),
        };
        facts.Add(new("counter", text));
        return new ExplainedStage("Account", Text($"{text}, {p.FrameLength} bytes"), [.. facts]);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Text(IPNetwork prefix) =>
        prefix.PrefixLength == prefix.BaseAddress.GetAddressBytes().Length * 8 ? prefix.BaseAddress.ToString() : prefix.ToString();
}

/// <summary>One of the stages.</summary>
/// <param name="Name">Parse, Classify, Select, Encapsulate, Transmit, Account.</param>
/// <param name="Words">For people; empty: the packet did not get here.</param>
/// <param name="Facts">For machines.</param>
public sealed record ExplainedStage(string Name, string Words, ImmutableArray<Fact> Facts);

/// <summary>Something that was looked up, matched or computed.</summary>
/// <param name="Name">What.</param>
/// <param name="Value">A text, a number, or whether.</param>
public readonly record struct Fact(string Name, object? Value);
