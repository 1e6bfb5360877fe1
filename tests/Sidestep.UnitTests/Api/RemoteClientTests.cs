using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sidestep.Api;

namespace Sidestep.UnitTests.Api;

/// <summary>The client over HTTPS, with authentication of both sides.</summary>
public sealed class RemoteClientTests : IDisposable
{
    private readonly TestCertificates _directors = new("directors");
    private readonly TestCertificates _agents = new("agents");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _directors.Dispose();
        _agents.Dispose();
    }

    [Fact]
    public async Task Director_sees_the_certificate_of_the_client()
    {
        await using var app = Start(out var address);
        using var certificate = _agents.Issue("web1");
        using var client = DirectorClient.Remote(address(), certificate, _directors.Authority);
        Assert.Equal("CN=web1", (await client.GetSpecAsync("web1", null, Cancellation))!.Director);
    }

    [Fact]
    public async Task Director_of_another_authority_is_rejected()
    {
        await using var app = Start(out var address);
        using var certificate = _agents.Issue("web1");
        using var client = DirectorClient.Remote(address(), certificate, _agents.Authority);
        var error = await Assert.ThrowsAsync<DirectorException>(() => client.GetSpecAsync("web1", null, Cancellation));
        Assert.Null(error.Status);
        Assert.StartsWith($"{address()} cannot be reached: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Director_with_a_certificate_for_another_name_is_rejected()
    {
        await using var app = Start(out var address);
        using var certificate = _agents.Issue("web1");
        using var client = DirectorClient.Remote(new Uri($"https://localhost:{address().Port}"), certificate,
            _directors.Authority);
        var error = await Assert.ThrowsAsync<DirectorException>(() => client.GetSpecAsync("web1", null, Cancellation));
        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_without_a_certificate_is_rejected_by_the_director()
    {
        await using var app = Start(out var address);
        using var client = new DirectorClient(DirectorClient.HandlerFor(null, _directors.Authority), address(), "");
        Assert.Null((await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetSpecAsync("web1", null, Cancellation))).Status);
    }

    [Fact]
    public void Director_address_is_required()
    {
        using var certificate = _agents.Issue("web1");
        Assert.Throws<ArgumentNullException>(() => DirectorClient.Remote(null!, certificate, []));
    }

    private WebApplication Start(out Func<Uri> address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = _directors.Issue("director");
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate, static o =>
        {
            o.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            o.ClientCertificateValidation = static (_, _, _) => true;
        })));
        var app = builder.Build();
        app.Run(static async context =>
        {
            var spec = new ServerSpec { Director = context.Connection.ClientCertificate!.Subject };
            await Results.Json(spec, ApiJson.Default.ServerSpec).ExecuteAsync(context);
        });
        app.Start();
        address = () =>
            new Uri(
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return app;
    }
}
