using System.Globalization;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Capture;

/// <summary>Parses a capture filter: conditions joined by <c>and</c>, such as <c>src 198.51.100.7 and decision
/// drop</c>.</summary>
public sealed class FilterParser
{
    private const string Conditions =
        "host A, src A, dst A, net P, port N, tcp, udp, sctp, udplite, dccp, icmp, service NAME, server NAME, "
        + "decision D, reason R";

    private readonly (string Text, int Column)[] _tokens;
    private int _next;
    private CaptureFilter _filter = CaptureFilter.Everything;

    private FilterParser(string text) => _tokens = [.. Tokenize(text)];

    /// <summary>Parses a filter; an empty text selects every frame for a VIP.</summary>
    /// <exception cref="FormatException">The filter is invalid; the message has the column and what to write
    /// instead.</exception>
    public static CaptureFilter Parse(string text) => new FilterParser(text).Read();

    private CaptureFilter Read()
    {
        while (_next < _tokens.Length)
        {
            ReadCondition();
            if (_next == _tokens.Length)
                break;
            var (word, column) = _tokens[_next++];
            if (word is "or" or "not")
                throw Wrong(column,
                    $"'{word}' is not supported: join conditions with 'and'. Capture twice, or filter the file with "
                    + "Wireshark");
            if (word != "and")
                throw Wrong(column, $"'{word}': expected 'and' or the end");
            if (_next == _tokens.Length)
                throw Wrong(column, $"a condition is missing after 'and'. The conditions are {Conditions}");
        }
        return _filter;
    }

    private void ReadCondition()
    {
        var (word, column) = _tokens[_next++];
        switch (word)
        {
            case "host":
                AddAddress(column, CapturedSide.Either, Address(word));
                break;
            case "src":
                AddAddress(column, CapturedSide.Source, AddressOrPrefix(word));
                break;
            case "dst":
                AddAddress(column, CapturedSide.Destination, AddressOrPrefix(word));
                break;
            case "net":
                AddAddress(column, CapturedSide.Either, Prefix(word));
                break;
            case "port":
                AddPort(column);
                break;
            case "tcp" or "udp" or "sctp" or "udplite" or "dccp" or "icmp":
                Once(column, "a protocol", _filter.Protocol);
                _filter = _filter with { Protocol = Enum.Parse<CapturedProtocol>(word, ignoreCase: true) };
                break;
            case "service":
                Once(column, "a service", _filter.Service);
                _filter = _filter with { Service = Value(word, "a name").Text };
                break;
            case "server":
                Once(column, "a server", _filter.Server);
                _filter = _filter with { Server = Value(word, "a name or address").Text };
                break;
            case "decision":
                Once(column, "a decision", _filter.Decision);
                _filter = _filter with { Decision = OneOf<Decision>(word) };
                break;
            case "reason":
                Once(column, "a reason", _filter.Reason);
                _filter = _filter with { Reason = OneOf<DropReason>(word) };
                break;
            default:
                throw Wrong(column, $"'{word}' is not a condition. The conditions are {Conditions}");
        }
        if (_filter is { Reason: not null, Decision: not (null or Decision.Drop) })
            throw Wrong(column, "only dropped frames have a reason: remove the decision or the reason");
    }

    private void AddAddress(int column, CapturedSide side, IPNetwork prefix)
    {
        if (_filter.Addresses.Length == CaptureFilter.MaxAddresses)
            throw Wrong(column, $"more than {CaptureFilter.MaxAddresses} conditions on addresses: remove some");
        if (_filter.Addresses.Any(a => a.Prefix.BaseAddress.AddressFamily != prefix.BaseAddress.AddressFamily))
            throw Wrong(column, "addresses of both families: no frame matches. Capture each family separately");
        _filter = _filter with { Addresses = _filter.Addresses.Add(new AddressCondition(prefix, side)) };
    }

    private void AddPort(int column)
    {
        if (_filter.Ports.Length == CaptureFilter.MaxPorts)
            throw Wrong(column, $"more than {CaptureFilter.MaxPorts} ports: a frame has only two");
        var (text, at) = Value("port", "a number");
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            throw Wrong(at, $"'{text}' is not a port: write a number from 1 to 65535");
        _filter = _filter with { Ports = _filter.Ports.Add(port) };
    }

    private IPNetwork Address(string after)
    {
        var (text, column) = Value(after, "an address");
        return ReadAddress(text) ?? throw Wrong(column,
            $"'{text}' is not an address: write one such as 198.51.100.7 or 2001:db8::7"
            + (text.Contains('/', StringComparison.Ordinal) ? ", or 'net' before a prefix" : ""));
    }

    private IPNetwork AddressOrPrefix(string after)
    {
        var (text, column) = Value(after, "an address or a prefix");
        return ReadAddress(text) ?? ReadPrefix(text, column);
    }

    private IPNetwork Prefix(string after)
    {
        var (text, column) = Value(after, "a prefix");
        return ReadPrefix(text, column);
    }

    private static IPNetwork ReadPrefix(string text, int column) => IPNetwork.TryParse(text, out var prefix) ? prefix
        : throw Wrong(column, $"'{text}' is not a prefix: write one such as 198.51.100.0/24 or 2001:db8::/32");

    private static IPNetwork? ReadAddress(string text) =>
        (text.Contains(':', StringComparison.Ordinal) || text.AsSpan().Count('.') == 3)
            && IPAddress.TryParse(text, out var address)
            ? PrefixText.OfHost(address) : null;

    /// <summary>A value by its name, such as <c>no-service</c>.</summary>
    private T OneOf<T>(string after) where T : struct, Enum
    {
        var (text, column) = Value(after, $"a {after}");
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(CounterName.Of(value), text, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        throw Wrong(column,
            $"'{text}' is not a {after}. Possible values are "
            + $"{string.Join(", ", Enum.GetValues<T>().Select(static v => CounterName.Of(v)))}");
    }

    private (string Text, int Column) Value(string after, string what) =>
        _next < _tokens.Length && _tokens[_next].Text != "and"
        ? _tokens[_next++]
        : throw Wrong(_next < _tokens.Length ? _tokens[_next].Column : _tokens[^1].Column + _tokens[^1].Text.Length,
            $"{what} is missing after '{after}'");

    private static void Once<T>(int column, string what, T? present)
    {
        if (present is not null)
            throw Wrong(column, $"{what} occurs twice, but a frame has only one: remove one");
    }

    private static FormatException Wrong(int column, string message) =>
        new(string.Create(CultureInfo.InvariantCulture, $"filter, column {column}: {message}"));

    private static IEnumerable<(string, int)> Tokenize(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]))
                continue;
            var from = i;
            while (i < text.Length && !char.IsWhiteSpace(text[i]))
                i++;
            yield return (text[from..i], from + 1);
        }
    }
}
