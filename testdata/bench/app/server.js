require("express")().get("/", (_, answer) => answer.send("shop")).listen(8080);
