using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Model.Objects;

namespace Sidestep.Cli;

/// <summary>The arguments that name a real server: SERVER and <c>--pool</c>.</summary>
internal sealed class ServerArguments
{
    private readonly Argument<string> _server = new("SERVER")
    {
        Description = "Name or address of the real server.",
    };

    private readonly Option<string?> _pool = new("--pool")
    {
        Description = "Only in this pool. Without it: in all pools that have the server.",
    };

    /// <summary>Adds the arguments to a command.</summary>
    internal ServerArguments(Command command)
    {
        command.Add(_server);
        command.Add(_pool);
    }

    /// <summary>The server, in each pool that has it.</summary>
    /// <exception cref="DirectorException">There is no response, or no such server.</exception>
    internal async Task<ImmutableArray<ObjectPath>> FindAsync(ParseResult parsed, DirectorClient client)
    {
        string wanted = parsed.GetRequiredValue(_server);
        string? pool = parsed.GetValue(_pool);
        var found = ImmutableArray.CreateBuilder<ObjectPath>();
        string? after = null;
        do
        {
            var page = await client.ListAsync(ObjectKind.Pool, null, null, after, CancellationToken.None)
                .ConfigureAwait(false);
            foreach (var item in page.Items)
            {
                string name = item.GetProperty("name").GetString()!;
                if (pool is not null && pool != name)
                    continue;
                if (!item.TryGetProperty("servers", out var servers))
                    continue;
                found.AddRange(servers.EnumerateArray().Where(s => Is(s, wanted)).Select(s => new ObjectPath(
                    ObjectKind.RealServer, s.GetProperty("name").GetString()!, new ObjectPath(ObjectKind.Pool, name))));
            }
            after = page.Next;
        }
        while (after is not null);
        return found.Count > 0 ? found.ToImmutable() : throw new DirectorException(
            $"no pool has a server '{wanted}'" + (pool is null ? "" : $", or there is no pool '{pool}'"));
    }

    private static bool Is(JsonElement server, string wanted) => server.GetProperty("name").GetString() == wanted
        || (IPAddress.TryParse(wanted, out var address)
            && IPAddress.TryParse(server.GetProperty("address").GetString(), out var own) && own.Equals(address));
}
