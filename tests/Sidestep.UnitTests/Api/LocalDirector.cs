using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Sidestep.Api;

namespace Sidestep.UnitTests.Api;

/// <summary>A real HTTP server on a Unix socket that answers as a test says, and keeps what it was sent.</summary>
internal sealed class LocalDirector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly List<string> _requests = [];

    private LocalDirector(WebApplication app, string folder) => (_app, _folder) = (app, folder);

    public string SocketPath => Path.Combine(_folder, "director.sock");

    /// <summary>Method, path with query, and body of each request.</summary>
    public IReadOnlyList<string> Requests => _requests;

    public DirectorClient NewClient() => DirectorClient.OnThisMachine(SocketPath);

    public static Task<LocalDirector> StartAsync(Func<HttpContext, IResult> answer) =>
        StartAsync(context => Task.FromResult(answer(context)));

    public static async Task<LocalDirector> StartAsync(Func<HttpContext, Task<IResult>> answer)
    {
        var folder = Directory.CreateTempSubdirectory("sidestep-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Path.Combine(folder, "director.sock"),
            static l => l.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        var director = new LocalDirector(app, folder);
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync(context.RequestAborted);
            director._requests.Add(
                $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {text}".TrimEnd());
            await (await answer(context)).ExecuteAsync(context);
        });
        await app.StartAsync();
        return director;
    }

    /// <summary>An error as the director sends it (RFC 9457).</summary>
    public static IResult Problem(int status, string title, string detail) => Results.Json(
        new ApiProblem(title, status, detail), ApiJson.Default.ApiProblem, ApiProblem.MediaType, status);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
